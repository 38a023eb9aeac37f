#include "live/stop/target_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "base/error.hpp"
#include "live/process/proc_file.hpp"

namespace stent::stop {

TargetLock::TargetLock(Pid target)
    : folder_(::open(process::proc_path(target, "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  const std::string who = "process " + std::to_string(target.value);
  if (!folder_.valid())
    throw system_error(errno == ENOENT ? ESRCH : errno, "looking at " + who,
                       "look for the pid it runs under now");
  if (::flock(folder_.get(), LOCK_EX | LOCK_NB) == 0) return;
  throw Error(ErrorCode::traced, "another stent works on " + who, "wait until it is done, then try again");
}

}  // namespace stent::stop
