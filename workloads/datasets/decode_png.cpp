// PNG by libpng. Its errors leave by longjmp, so between setjmp and them there are only functions without destructors
// to run; memory is owned by an object outside.
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>

#include "image_codecs.h"
#include "npusim/base/error.h"

namespace npusim {
namespace {

class PngReader {
public:
    PngReader(std::span<const std::byte> content, const std::string& name) : content_(content), name_(name) {}
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;
    ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }  // null pointers are allowed

    RgbImage read() {
        guarded([](PngReader& reader) { reader.begin(); });
        image_ = sized_image(png_get_image_width(png_, info_), png_get_image_height(png_, info_), name_, "PNG");
        guarded([](PngReader& reader) { reader.decode(); });
        return std::move(image_);
    }

private:
    /// libpng's error and its warning: chunks that it only warns about are skipped below, so what is left is damage.
    static void leave(png_structp png, png_const_charp message) {
        static_cast<PngReader*>(png_get_error_ptr(png))->escape(message);
    }

    [[noreturn]] void escape(const char* message) {
        std::size_t length = 0;
        while (length + 1 < message_.size() && message[length] != '\0') ++length;
        std::copy_n(message, length, message_.data());
        message_[length] = '\0';
        std::longjmp(target_, 1);
    }

    static void take_bytes(png_structp png, png_bytep to, std::size_t count) {
        auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
        if (reader->content_.size() - reader->place_ < count) png_error(png, "the file ends early");
        const auto* from = reinterpret_cast<const png_byte*>(reader->content_.data()) + reader->place_;
        std::copy_n(from, count, to);
        reader->place_ += count;
    }

    /// Runs a step that may leave by longjmp; it must have nothing to destroy.
    void guarded(void (*step)(PngReader&)) {
        // NOLINTNEXTLINE(cert-err52-cpp): libpng knows no other way out.
        if (setjmp(target_) == 0) {
            step(*this);
            return;
        }
        throw InputError(name_, "PNG", message_.data());
    }

    void begin() {
        png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, leave, leave);
        info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
        if (info_ == nullptr) escape("out of memory");
        png_set_read_fn(png_, this, take_bytes);
        png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
        // Profiles, texts and times do not change the pixels; a negative count means every such chunk.
        png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
        png_read_info(png_, info_);
        png_set_expand(png_);
        png_set_strip_16(png_);
        png_set_gray_to_rgb(png_);
        png_set_strip_alpha(png_);
        passes_ = png_set_interlace_handling(png_);
        png_read_update_info(png_, info_);
    }

    void decode() {
        const auto stride = static_cast<std::size_t>(3 * image_.width);
        if (png_get_rowbytes(png_, info_) != stride) png_error(png_, "the rows are not RGB");
        for (int pass = 0; pass < passes_; ++pass) {
            for (std::int64_t y = 0; y < image_.height; ++y) {
                png_read_row(png_, image_.pixels.data() + static_cast<std::size_t>(y) * stride, nullptr);
            }
        }
        png_read_end(png_, nullptr);
    }

    std::span<const std::byte> content_;
    const std::string& name_;
    std::size_t place_ = 0;
    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
    std::jmp_buf target_{};
    std::array<char, 200> message_{};
    int passes_ = 1;
    RgbImage image_;
};

}  // namespace

RgbImage decode_png(std::span<const std::byte> content, const std::string& name) {
    return PngReader(content, name).read();
}

}  // namespace npusim
