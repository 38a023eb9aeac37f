// A recorded link with other objects in the place of the recorded ones.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "create/compile/recorded_link.hpp"

namespace stent::compile {

struct ReplacedObject {
  std::filesystem::path recorded;  ///< what the build wrote
  std::filesystem::path now;
};

/// Finds recorded objects among what links are given: named, or as members of archives (by content), which
/// are written anew.
class ChangedLinks {
 public:
  /// `work_directory` takes the archives; `objects` must outlive this.
  ChangedLinks(const std::vector<ReplacedObject>& objects, std::filesystem::path work_directory);

  /// The words of `link` with the other objects; nothing when it links none of them.
  /// Throws `build_failed` when an archive cannot be written anew.
  [[nodiscard]] std::optional<std::vector<std::string>> words_of(const RecordedLink& link);

  /// Which of the objects some link so far has.
  [[nodiscard]] const std::set<std::size_t>& linked() const { return linked_; }

 private:
  [[nodiscard]] std::optional<std::filesystem::path> replaced(const RecordedLink& link,
                                                              const std::filesystem::path& input);
  [[nodiscard]] std::optional<std::filesystem::path> replaced_archive(const RecordedLink& link,
                                                                      const std::filesystem::path& archive);

  const std::vector<ReplacedObject>& objects_;
  std::filesystem::path work_directory_;
  std::vector<std::string> contents_;
  std::set<std::size_t> linked_;
  std::map<std::filesystem::path, std::optional<std::filesystem::path>> archives_;
};

/// Whether `object` is LLVM's intermediate code, or else an ELF file.
[[nodiscard]] bool is_bitcode(const std::filesystem::path& object);

}  // namespace stent::compile
