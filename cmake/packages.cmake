# Packages of Debian 12. libsystemc-dev ships no CMake files, only systemc.pc.
find_package(PkgConfig REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(Eigen3 3.4 REQUIRED)
find_package(TBB REQUIRED)
find_package(Boost REQUIRED COMPONENTS program_options)
pkg_check_modules(SystemC REQUIRED IMPORTED_TARGET systemc)

find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
add_library(npusim_xxhash INTERFACE)
target_include_directories(npusim_xxhash SYSTEM INTERFACE "${XXHASH_INCLUDE_DIR}")

# Debian's libsystemc is built for C++17, and its headers refuse to link with another value of this macro.
add_library(npusim_systemc INTERFACE)
target_link_libraries(npusim_systemc INTERFACE PkgConfig::SystemC)
target_compile_definitions(npusim_systemc INTERFACE SC_CPLUSPLUS=201703L SC_INCLUDE_DYNAMIC_PROCESSES)
