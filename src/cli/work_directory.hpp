// A private temporary directory that is removed with everything in it.
#pragma once

#include <filesystem>

namespace stent::cli {

class WorkDirectory {
 public:
  /// Below TMPDIR, else /tmp. Throws `internal` when it cannot be made.
  WorkDirectory();
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;
  ~WorkDirectory();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace stent::cli
