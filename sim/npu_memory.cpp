// What the host does to the machine's memory before and after a run, through the debug transport of TLM-2.0.
#include <stdexcept>

#include "npu.h"

namespace npusim::sim {
namespace {

Region whole(const TensorLayout& layout) {
    return {0, layout.shape.height, 0, layout.shape.width, 0, layout.shape.channels};
}

void debug_access(DmaEngine& engine, tlm::tlm_command command, std::uint64_t address, std::byte* place,
                  std::size_t bytes) {
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(place));
    payload.set_data_length(static_cast<unsigned int>(bytes));
    if (engine.socket->transport_dbg(payload) != bytes) {
        throw std::logic_error("DRAM holds no address " + std::to_string(address));
    }
}

}  // namespace

void Npu::write_memory(std::uint64_t address, std::span<const std::byte> bytes) {
    std::vector<std::byte> copy(bytes.begin(), bytes.end());
    debug_access(store_dma_, tlm::TLM_WRITE_COMMAND, address, copy.data(), copy.size());
}

std::vector<std::byte> Npu::read_memory(std::uint64_t address, std::size_t bytes) {
    std::vector<std::byte> content(bytes);
    debug_access(load_dma_, tlm::TLM_READ_COMMAND, address, content.data(), bytes);
    return content;
}

void Npu::write_weights() {
    for (const auto& tile : input_.program.weight_tiles) {
        const auto bytes = encode_weight_tile(input_.network.nodes[tile.node], tile);
        if (!bytes.empty()) write_memory(tile.address, bytes);
    }
}

void Npu::write_image(const std::vector<std::int32_t>& image) {
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
    pack_region(layout, whole(layout), pixels_first, bytes);
    write_memory(layout.address, bytes);
}

std::vector<std::int32_t> Npu::read_tensor(TensorId tensor) {
    const TensorLayout& layout = input_.program.layouts[tensor];
    const auto bytes = read_memory(layout.address, static_cast<std::size_t>(layout.bytes()));
    const auto pixels_first = unpack_region(layout, whole(layout), bytes);
    const TensorShape& shape = layout.shape;
    std::vector<std::int32_t> values(pixels_first.size());
    for (std::int64_t c = 0; c < shape.channels; ++c) {
        for (std::int64_t pixel = 0; pixel < shape.height * shape.width; ++pixel) {
            values[static_cast<std::size_t>(c * shape.height * shape.width + pixel)] =
                pixels_first[static_cast<std::size_t>(pixel * shape.channels + c)];
        }
    }
    return values;
}

void Npu::collect_outputs(std::size_t image) {
    result_.logits.push_back(read_tensor(input_.network.output));
    if (!input_.observe_tensors) return;
    std::vector<std::vector<std::int32_t>> tensors;
    for (TensorId tensor = 0; tensor < input_.program.layouts.size(); ++tensor) tensors.push_back(read_tensor(tensor));
    input_.observe_tensors(image, tensors);
}

}  // namespace npusim::sim
