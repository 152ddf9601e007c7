# What a user or developer can choose, and what every target is compiled with.
option(NPUSIM_TESTS "Build the tests" ON)
option(NPUSIM_BENCHMARKS "Build the benchmarks" ON)
option(NPUSIM_DEVELOPER "Warnings are errors" OFF)
option(NPUSIM_NATIVE "Compile for the processor at hand (integers do not depend on it, speed does)" ON)
set(NPUSIM_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

add_library(npusim_compile_options INTERFACE)
target_compile_options(npusim_compile_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wcast-align -Wunused -Wduplicated-cond
  -Wno-restrict)  # GCC 12 warns falsely about std::string("...") + temporary (its bug 105651)
if(NPUSIM_DEVELOPER)
  target_compile_options(npusim_compile_options INTERFACE -Werror)
endif()
if(NPUSIM_SANITIZE)
  # GCC 12 sees uninitialized members of std::function and Catch where the sanitizers' code is put in between.
  target_compile_options(npusim_compile_options INTERFACE -fsanitize=${NPUSIM_SANITIZE} -fno-omit-frame-pointer
    -Wno-maybe-uninitialized)
  target_link_options(npusim_compile_options INTERFACE -fsanitize=${NPUSIM_SANITIZE})
endif()

# npusim_library(name SOURCES... USES targets... USES_PRIVATE targets...)
function(npusim_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;USES_PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}/include")
  target_link_libraries(${name} PUBLIC ${ARG_USES} PRIVATE ${ARG_USES_PRIVATE} npusim_compile_options)
endfunction()
