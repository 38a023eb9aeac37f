// Reading ar archives (.a): their members as files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stent::compile {

struct ArchiveMember {
  std::string name;
  std::filesystem::path file;  ///< a copy below the given directory; of a thin archive, the object itself
};

[[nodiscard]] bool is_archive(const std::filesystem::path& path);

/// The members of `archive` in their order, symbol tables left out; names may repeat. Copies go below
/// `directory`. Understands the GNU form (ar(5); long names in "//") and thin archives.
/// Throws `bad_input` for a damaged archive.
[[nodiscard]] std::vector<ArchiveMember> extract_members(const std::filesystem::path& archive,
                                                         const std::filesystem::path& directory);

}  // namespace stent::compile
