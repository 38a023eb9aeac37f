#include "live/stop/target_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <sstream>
#include <string>

#include "base/error.hpp"
#include "live/process/proc_file.hpp"

namespace stent::stop {
namespace {

/// " (pid N)" of whoever holds the lock on `file`, as /proc/locks tells; empty when it does not.
std::string named_holder(int file) {
  struct stat status {};
  const auto locks = process::read_proc_file("/proc/locks");
  if (!locks || ::fstat(file, &status) != 0) return {};
  const std::string inode = ":" + std::to_string(status.st_ino);
  std::istringstream lines(*locks);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, holder, place;
    words >> number >> kind >> mode >> access >> holder >>
        place;  // 1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE
    if (kind == "FLOCK" && place.ends_with(inode)) return " (pid " + holder + ")";
  }
  return {};
}

}  // namespace

TargetLock::TargetLock(Pid target)
    : folder_(::open(process::proc_path(target, "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  const std::string who = "process " + std::to_string(target.value);
  if (!folder_.valid())
    throw system_error(errno == ENOENT ? ESRCH : errno, "looking at " + who,
                       "look for the pid it runs under now");
  if (::flock(folder_.get(), LOCK_EX | LOCK_NB) == 0) return;
  throw Error(ErrorCode::traced, "another stent" + named_holder(folder_.get()) + " works on " + who,
              "wait until it is done, then try again");
}

}  // namespace stent::stop
