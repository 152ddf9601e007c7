// JPEG by libjpeg (libjpeg-turbo). Its errors leave by longjmp, so between setjmp and them there are only functions
// without destructors to run; memory is owned by an object outside.
#include <array>
#include <csetjmp>
// jpeglib.h uses FILE without including it, so it must come behind.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include "image_codecs.h"
#include "npusim/base/error.h"

namespace npusim {
namespace {

struct JpegErrors {
    jpeg_error_mgr manager;  ///< first, so that libjpeg's pointer to it is a pointer to the whole
    std::jmp_buf escape;
    std::array<char, JMSG_LENGTH_MAX> message;
};

[[noreturn]] void leave(j_common_ptr info) {
    // libjpeg hands back the pointer that it was given.
    auto* errors = reinterpret_cast<JpegErrors*>(info->err);
    errors->manager.format_message(info, errors->message.data());
    std::longjmp(errors->escape, 1);
}

/// Levels below 0 are libjpeg's warnings: all of them are about damaged data.
void leave_if_warning(j_common_ptr info, int level) {
    if (level < 0) leave(info);
}

void print_nothing(j_common_ptr) {}

class JpegReader {
public:
    JpegReader(std::span<const std::byte> content, const std::string& name) : content_(content), name_(name) {
        info_.err = jpeg_std_error(&errors_.manager);
        errors_.manager.error_exit = leave;
        errors_.manager.emit_message = leave_if_warning;
        errors_.manager.output_message = print_nothing;
    }
    JpegReader(const JpegReader&) = delete;
    JpegReader& operator=(const JpegReader&) = delete;
    ~JpegReader() { jpeg_destroy_decompress(&info_); }  // does nothing before jpeg_create_decompress

    RgbImage read() {
        guarded([](JpegReader& reader) { reader.begin(); });
        image_ = sized_image(info_.image_width, info_.image_height, name_, "JPEG");
        if (info_.out_color_space == JCS_CMYK) cmyk_row_.resize(std::size_t{4} * info_.image_width);
        guarded([](JpegReader& reader) { reader.decode(); });
        return std::move(image_);
    }

private:
    /// Runs a step that may leave by longjmp; it must have nothing to destroy.
    void guarded(void (*step)(JpegReader&)) {
        // NOLINTNEXTLINE(cert-err52-cpp): libjpeg knows no other way out.
        if (setjmp(errors_.escape) == 0) {
            step(*this);
            return;
        }
        throw InputError(name_, "JPEG", errors_.message.data());
    }

    void begin() {
        jpeg_create_decompress(&info_);
        jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(content_.data()), content_.size());
        jpeg_read_header(&info_, TRUE);
        const bool four_inks = info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK;
        info_.out_color_space = four_inks ? JCS_CMYK : JCS_RGB;
        info_.dct_method = JDCT_ISLOW;
        info_.do_fancy_upsampling = TRUE;
    }

    void decode() {
        jpeg_start_decompress(&info_);
        const std::size_t stride = std::size_t{3} * info_.output_width;
        while (info_.output_scanline < info_.output_height) {
            unsigned char* row = image_.pixels.data() + info_.output_scanline * stride;
            unsigned char* decoded = cmyk_row_.empty() ? row : cmyk_row_.data();
            jpeg_read_scanlines(&info_, &decoded, 1);
            if (!cmyk_row_.empty()) mix_inks(row);
        }
        jpeg_finish_decompress(&info_);
    }

    /// Inks are stored inverted, as light that passes: red = cyan's light times black's, rounded as Pillow does it.
    void mix_inks(unsigned char* row) const {
        for (std::size_t x = 0; x < info_.output_width; ++x) {
            const unsigned char* inks = cmyk_row_.data() + 4 * x;
            const int light = inks[3];
            for (std::size_t c = 0; c < 3; ++c) {
                const int biased = (255 - inks[c]) * light + 128;
                const int absorbed = ((biased >> 8) + biased) >> 8;  // product / 255 to the nearest
                row[3 * x + c] = static_cast<unsigned char>(light - absorbed);
            }
        }
    }

    std::span<const std::byte> content_;
    const std::string& name_;
    jpeg_decompress_struct info_{};
    JpegErrors errors_{};
    RgbImage image_;
    std::vector<unsigned char> cmyk_row_;
};

}  // namespace

RgbImage decode_jpeg(std::span<const std::byte> content, const std::string& name) {
    return JpegReader(content, name).read();
}

}  // namespace npusim
