// What the host does to the machine's memory before and after a run, through the debug transport of TLM-2.0.
#include <stdexcept>

#include "npu.h"

namespace npusim::sim {
namespace {

/// One image of a tensor.
Region whole(const TensorLayout& layout, std::int64_t image) {
    return {0, layout.shape.height, 0, layout.shape.width, 0, layout.shape.channels, image, image + 1};
}

/// The layout of one image alone, from address 0 on.
TensorLayout alone(TensorLayout layout) {
    layout.address = 0;
    layout.images = 1;
    return layout;
}

std::uint64_t address_of(const TensorLayout& layout, std::int64_t image) {
    return layout.address + static_cast<std::uint64_t>(image * layout.image_stride_bytes);
}

/// [pixel][channel] → (C, H, W)
std::vector<std::int32_t> planes(const std::vector<std::int32_t>& pixels_first, const TensorShape& shape) {
    std::vector<std::int32_t> values(pixels_first.size());
    for (std::int64_t c = 0; c < shape.channels; ++c) {
        for (std::int64_t pixel = 0; pixel < shape.height * shape.width; ++pixel) {
            values[static_cast<std::size_t>(c * shape.height * shape.width + pixel)] =
                pixels_first[static_cast<std::size_t>(pixel * shape.channels + c)];
        }
    }
    return values;
}

}  // namespace

void Npu::access_memory(bool is_write, std::uint64_t address, std::span<std::byte> place) {
    tlm::tlm_generic_payload payload;
    payload.set_command(is_write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(place.data()));
    payload.set_data_length(static_cast<unsigned int>(place.size()));
    if (host_->transport_dbg(payload) != place.size()) {
        throw std::logic_error("DRAM holds no address " + std::to_string(address));
    }
}

void Npu::write_memory(std::uint64_t address, std::span<const std::byte> bytes) {
    std::vector<std::byte> copy(bytes.begin(), bytes.end());
    access_memory(true, address, copy);
}

std::vector<std::byte> Npu::read_memory(std::uint64_t address, std::size_t bytes) {
    std::vector<std::byte> content(bytes);
    access_memory(false, address, content);
    return content;
}

void Npu::write_weights() {
    for (const auto& tile : input_.program.weight_tiles) {
        const auto bytes = encode_weight_tile(input_.network.nodes[tile.node], tile);
        if (!bytes.empty()) write_memory(tile.address, bytes);
    }
}

void Npu::write_images(std::size_t batch) {
    const std::int64_t there = images_of(batch);
    const auto first = static_cast<std::int64_t>(batch) * input_.program.batch;
    const std::vector<std::int32_t> nothing(input_.images.front().size());
    for (std::int64_t place = 0; place < input_.program.batch; ++place) {
        write_image(place < there ? input_.images[static_cast<std::size_t>(first + place)] : nothing, place);
    }
}

void Npu::write_image(const std::vector<std::int32_t>& image, std::int64_t place) {
    const TensorLayout& layout = input_.program.layouts.front();
    const TensorShape& shape = layout.shape;
    std::vector<std::int32_t> pixels_first(image.size());
    for (std::int64_t c = 0; c < shape.channels; ++c) {
        for (std::int64_t pixel = 0; pixel < shape.height * shape.width; ++pixel) {
            pixels_first[static_cast<std::size_t>(pixel * shape.channels + c)] =
                image[static_cast<std::size_t>(c * shape.height * shape.width + pixel)];
        }
    }
    std::vector<std::byte> bytes(static_cast<std::size_t>(layout.bytes()));
    const TensorLayout own = alone(layout);
    pack_region(own, whole(own, 0), pixels_first, bytes);
    write_memory(address_of(layout, place), bytes);
}

std::vector<std::int32_t> Npu::read_tensor(TensorId tensor, std::int64_t place) {
    if (const auto kept = kept_.find({tensor, place}); kept != kept_.end()) return kept->second;
    const TensorLayout& layout = input_.program.layouts[tensor];
    const auto bytes = read_memory(address_of(layout, place), static_cast<std::size_t>(layout.bytes()));
    const TensorLayout own = alone(layout);
    return planes(unpack_region(own, whole(own, 0), bytes), layout.shape);
}

void Npu::keep_residents(const QuantizedNode& node) {
    for (const Destination& to : node.destinations) {
        const TensorLayout* layout = current_.resident(to.tensor);
        if (layout == nullptr) continue;
        for (std::int64_t place = 0; place < current_.images; ++place) {
            kept_[{to.tensor, place}] =
                planes(read_region(*layout, whole(*layout, place), activation_buffer_.bytes(0)), layout->shape);
        }
    }
}

void Npu::collect_outputs(std::size_t batch) {
    const auto first = batch * static_cast<std::size_t>(input_.program.batch);
    for (std::int64_t place = 0; place < images_of(batch); ++place) {
        result_.logits.push_back(read_tensor(input_.network.output, place));
        if (!input_.observe_tensors) continue;
        std::vector<std::vector<std::int32_t>> tensors;
        for (TensorId tensor = 0; tensor < input_.program.layouts.size(); ++tensor) {
            tensors.push_back(read_tensor(tensor, place));
        }
        input_.observe_tensors(first + static_cast<std::size_t>(place), tensors);
    }
}

}  // namespace npusim::sim
