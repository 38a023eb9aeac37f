#include "live/stop/tracee.hpp"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "live/process/permission_hint.hpp"
#include "live/process/proc_file.hpp"
#include "live/process/thread_stat.hpp"
#include "live/stop/arch_x86_64_restart.hpp"
#include "live/stop/stopped_thread.hpp"

namespace stent::stop {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t max_extended_state = 16384;
constexpr unsigned max_tries = 5;
constexpr auto patience_at_exit = std::chrono::seconds(2);

long options() {
  return PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
         PTRACE_O_TRACESYSGOOD;
}

bool is_dead(Pid pid, Tid tid) {
  const auto stat = process::read_thread_stat(pid, tid);
  return !stat || stat->is_dead();
}

/// 0: by nobody.
pid_t traced_by(Tid tid) {
  const auto status = process::read_proc_file(process::proc_path({tid.value}, "/status"));
  const std::string mark = "\nTracerPid:\t";
  const std::size_t at = status ? status->find(mark) : std::string::npos;
  return at == std::string::npos
             ? 0
             : static_cast<pid_t>(std::strtol(status->c_str() + at + mark.size(), nullptr, 10));
}

Error cannot_seize(Pid pid, Tid tid, int error) {
  const std::string who = "thread " + std::to_string(tid.value) + " of process " + std::to_string(pid.value);
  if (const pid_t tracer = traced_by(tid); tracer != 0)
    return {ErrorCode::traced,
            who + " is traced by " + process::name_of({tracer}) + " (pid " + std::to_string(tracer) + ")",
            "end or detach that debugger or tracer first, then try again"};
  return system_error(error == EIO ? EPERM : error, "attaching to " + who, process::permission_hint());
}

}  // namespace

void await_report(std::chrono::nanoseconds at_most) {
  const auto nanoseconds = at_most.count();
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  const timespec timeout{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  ::sigtimedwait(&set, nullptr, &timeout);
}

std::optional<Tracee> Tracee::seize(Pid pid, Tid tid, PatientSeize& attach) {
  for (unsigned tries = 1;; ++tries) {
    const int error = attach.seize(tid, options());
    if (error == 0) return Tracee(pid, tid);
    const auto stat = process::read_thread_stat(pid, tid);
    if (stat && is_held(tid)) return Tracee(pid, tid);  // attached at its birth
    if (error == EAGAIN)
      throw Error(ErrorCode::busy, "process " + std::to_string(pid.value) + " is replacing itself by exec",
                  "look for what it runs as now and start again");
    if (error == ESRCH || !stat || stat->is_dead() || stat->is_kernel_worker()) return std::nullopt;
    // The kernel says EPERM of the dead, too, whose number an exec may give to a living thread by now.
    if (error != EPERM || tries == max_tries) throw cannot_seize(pid, tid, error);
  }
}

bool Tracee::is_held(Tid tid) { return traced_by(tid) == ::gettid(); }

Tracee::Tracee(Tracee&& other) noexcept
    : pid_(other.pid_),
      tid_(other.tid_),
      state_(std::exchange(other.state_, State::ended)),
      report_(other.report_),
      group_stopped_(other.group_stopped_),
      vanished_(other.vanished_) {}

Tracee& Tracee::operator=(Tracee&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(tid_, other.tid_);
  std::swap(state_, other.state_);
  std::swap(report_, other.report_);
  std::swap(group_stopped_, other.group_stopped_);
  std::swap(vanished_, other.vanished_);
  return *this;
}

Tracee::~Tracee() { detach(); }

std::optional<Tracee::Report> Tracee::report(int options) {
  siginfo_t info{};
  const auto id = static_cast<id_t>(tid_.value);
  if (report_) return report_;
  if (::waitid(P_PID, id, &info, WSTOPPED | WEXITED | WNOWAIT | __WALL | options) == 0) {
    if (info.si_pid != 0) report_ = Report{info.si_code, info.si_status};
  } else if (errno != EINTR) {
    report_ = Report{0, 0};
  }
  return report_;
}

std::optional<StopEvent> Tracee::poll() {
  const auto reported = report(WNOHANG);
  report_.reset();
  if (!reported) return std::nullopt;
  siginfo_t info{};
  const auto id = static_cast<id_t>(tid_.value);
  if (reported->code != CLD_TRAPPED && reported->code != CLD_STOPPED) {
    if (reported->code == 0)
      vanished_ = true;  // ECHILD: it took the leader's id to execute, or another thread did
    else
      ::waitid(P_PID, id, &info, WEXITED | WNOHANG | __WALL);
    state_ = State::ended;
    return StopEvent{StopEvent::Kind::ended, 0, {}};
  }
  // Until this one is reaped the kernel denies every request: it may have given the thread the leader's id
  // (looks_like_a_spurious_pid in its kernel/ptrace.c).
  if (reported->status >> 8 == PTRACE_EVENT_EXEC) ::waitid(P_PID, id, &info, WSTOPPED | WNOHANG | __WALL);
  state_ = State::stopped;
  return understand(reported->status);
}

bool Tracee::has_report() { return report(WNOHANG).has_value(); }

void Tracee::sleep_until_report() { report(0); }

StopEvent Tracee::understand(int status) {
  using Kind = StopEvent::Kind;
  const int signal = status & 0xff;
  switch (status >> 8) {
    case 0: break;
    case PTRACE_EVENT_STOP: return {signal == SIGTRAP ? Kind::interrupted : Kind::group_stop, signal, {}};
    case PTRACE_EVENT_EXEC: return {Kind::exec, 0, {}};
    case PTRACE_EVENT_CLONE:
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK: {
      unsigned long child = 0;
      const bool told = ::ptrace(PTRACE_GETEVENTMSG, tid_.value, nullptr, &child) == 0;
      return {told ? Kind::clone : Kind::other, 0, {static_cast<pid_t>(child)}};
    }
    default: return {Kind::other, 0, {}};
  }
  if (signal == (SIGTRAP | 0x80)) return {Kind::syscall, 0, {}};
  return {Kind::signal, signal, {}};
}

std::optional<StopEvent> Tracee::wait(Clock::time_point deadline) {
  constexpr Clock::duration slice = std::chrono::milliseconds(1);
  // A running thread stops within a few microseconds, less than falling asleep and waking up takes.
  constexpr Clock::duration worth_spinning = std::chrono::microseconds(8);
  const auto spin_until = std::min(Clock::now() + worth_spinning, deadline);
  for (;;) {
    if (auto event = poll()) return event;
    if (Clock::now() < spin_until) continue;
    const auto left = deadline - Clock::now();
    if (left <= Clock::duration::zero()) return std::nullopt;
    const auto before = Clock::now();
    await_report(std::min(left, slice));
    // A leader that ended before its siblings reports nothing.
    if (Clock::now() - before >= std::min(left, slice) && is_dead(pid_, tid_)) {
      if (auto event = poll()) return event;
      return StopEvent{StopEvent::Kind::ended, 0, {}};
    }
  }
}

void Tracee::interrupt() { ::ptrace(PTRACE_INTERRUPT, tid_.value, nullptr, nullptr); }

void Tracee::resume_with(int request, int signal) {
  report_.reset();
  state_ = State::running;  // killed meanwhile (ESRCH): its end is still to be reported
  ::ptrace(static_cast<__ptrace_request>(request), tid_.value, nullptr, signal);
}

Error target_gone(Pid pid, const std::string& how) {
  return {ErrorCode::gone, "process " + std::to_string(pid.value) + " " + how + " while stent worked on it",
          "look for the pid it runs under now and start again"};
}

void Tracee::resume(int signal) { resume_with(PTRACE_CONT, signal); }
void Tracee::resume_to_syscall(int signal) { resume_with(PTRACE_SYSCALL, signal); }

void Tracee::listen() {
  resume_with(PTRACE_LISTEN, 0);
  state_ = State::listening;
}

bool Tracee::settle(Clock::time_point deadline, const std::function<void(Tid)>& adopt) {
  using Kind = StopEvent::Kind;
  while (state_ != State::stopped) {
    const auto event = wait(deadline);
    if (!event || event->kind == Kind::ended) return false;
    if (event->kind == Kind::interrupted || event->kind == Kind::group_stop) {
      group_stopped_ = event->kind == Kind::group_stop;
      return true;
    }
    if (event->kind == Kind::exec) throw target_gone(pid_, "replaced itself by exec");
    if (event->kind == Kind::clone) adopt(event->child);
    interrupt();  // any other stop cancels an interrupt that was on its way
    resume(event->signal_to_pass());
  }
  return true;
}

void Tracee::leave() noexcept {
  const bool left = ::ptrace(PTRACE_DETACH, tid_.value, nullptr, 0) == 0;
  state_ = left ? State::ended : State::running;  // killed in its stop: its end is still to be reported
}

void Tracee::let_go(const StopEvent& event) noexcept {
  using Kind = StopEvent::Kind;
  switch (event.kind) {
    case Kind::ended: return;
    case Kind::interrupted:
    case Kind::group_stop:
    case Kind::exec: return leave();
    default: interrupt(); resume(event.signal_to_pass());
  }
}

void Tracee::detach() noexcept try {
  if (state_ == State::ended) return;
  const auto deadline = Clock::now() + patience_at_exit;
  const auto adopt = [this](Tid child) {
    const bool is_thread = process::read_thread_stat(pid_, child).has_value();
    newborn(is_thread ? pid_ : Pid{child.value}, child).detach();
  };
  if (state_ != State::stopped) {
    interrupt();
    if (settle(deadline, adopt)) cure();
  }
  if (state_ == State::stopped) {
    leave();
    if (state_ == State::running)
      (void)wait(deadline);  // a thread that nobody reaps keeps its process from ending
  }
  state_ = State::ended;
} catch (const std::exception&) {  // it executed: its stop there is as good as any
  if (state_ == State::stopped) leave();
  state_ = State::ended;
}

bool Tracee::is_broken(const Registers& registers) const {
  if (is_spurious_eintr(registers)) return true;
  const auto descriptor = descriptor_of_eintr(registers);
  return descriptor && process::is_socket(tid_, *descriptor);
}

void Tracee::cure() {
  auto present = registers();
  if (!present || !is_broken(*present)) return;
  make_restart(*present, Clock::now().time_since_epoch());
  set_registers(*present);
}

std::optional<Registers> Tracee::registers() const {
  Registers registers;
  if (::ptrace(PTRACE_GETREGS, tid_.value, nullptr, &registers.raw) != 0) return std::nullopt;
  return registers;
}

bool Tracee::set_registers(const Registers& registers) {
  return ::ptrace(PTRACE_SETREGS, tid_.value, nullptr, &registers.raw) == 0;
}

std::optional<Bytes> Tracee::extended_state() const {
  Bytes state(max_extended_state);
  iovec part{state.data(), state.size()};
  if (::ptrace(PTRACE_GETREGSET, tid_.value, NT_X86_XSTATE, &part) != 0) return std::nullopt;
  state.resize(part.iov_len);
  return state;
}

bool Tracee::set_extended_state(ByteView state) {
  Bytes copy(state.begin(), state.end());
  iovec part{copy.data(), copy.size()};
  return ::ptrace(PTRACE_SETREGSET, tid_.value, NT_X86_XSTATE, &part) == 0;
}

bool Tracee::has_faulted() const {
  siginfo_t info{};
  return ::ptrace(PTRACE_GETSIGINFO, tid_.value, nullptr, &info) == 0 && info.si_code > 0;
}

std::optional<std::uint64_t> Tracee::signal_mask() const {
  std::uint64_t mask = 0;
  if (::ptrace(PTRACE_GETSIGMASK, tid_.value, sizeof mask, &mask) != 0) return std::nullopt;
  return mask;
}

bool Tracee::set_signal_mask(std::uint64_t mask) {
  return ::ptrace(PTRACE_SETSIGMASK, tid_.value, sizeof mask, &mask) == 0;
}

}  // namespace stent::stop
