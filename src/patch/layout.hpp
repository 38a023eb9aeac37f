// Where each part of a patch stands in its file, and which window of addresses each image has there.
#pragma once

#include <vector>

#include "patch/patch.hpp"

namespace stent::patch {

/// Place of one image: its PatchAddress 0 is `window` in the file's address space.
struct ImageLayout {
  LinkAddress window;
  std::vector<FileOffset> segments;  ///< of the bytes of each segment; page-aligned
};

struct FileLayout {
  std::size_t program_headers = 0;
  FileOffset build_id_note;
  std::uint64_t build_id_note_size = 0;
  std::uint64_t headers_size = 0;  ///< bytes of the first PT_LOAD: ELF header, program headers, build-id
  std::vector<ImageLayout> images;
  FileOffset pre_images;
  std::uint64_t pre_images_size = 0;
  std::vector<FileOffset> debug;  ///< of each section of Patch::debug
};

/// Bytes of a patch's identity (BLAKE2b-160).
inline constexpr std::size_t identity_size = 20;

/// Decides the places; depends on sizes only.
[[nodiscard]] FileLayout lay_out(const Patch& patch);

/// The first image that has a search table of frames (PT_GNU_EH_FRAME is its); images.size() when none has.
[[nodiscard]] std::size_t image_with_frames(const Patch& patch);

}  // namespace stent::patch
