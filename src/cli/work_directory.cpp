#include "cli/work_directory.hpp"

#include <stdlib.h>

#include <cerrno>
#include <string>

#include "base/error.hpp"

namespace stent::cli {

WorkDirectory::WorkDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "stent-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    throw system_error(errno, "cannot make a directory " + name, "set TMPDIR to a directory with space");
  path_ = name;
}

WorkDirectory::~WorkDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace stent::cli
