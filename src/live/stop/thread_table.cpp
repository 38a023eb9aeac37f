#include "live/stop/thread_table.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "live/process/memory_sharer.hpp"
#include "live/process/proc_file.hpp"
#include "live/stop/arch_x86_64_restart.hpp"

namespace stent::stop {

using process::list_threads;
using process::read_thread_stat;

ThreadTable::ThreadTable(const process::Process& target)
    : target_(&target), memory_(target.writable_memory(), [this](const auto& work) { with_stopped(work); }) {}

ThreadTable::Entry* ThreadTable::find(Tid tid) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [tid](const auto& entry) { return entry->tracee.tid() == tid; });
  return found == entries_.end() ? nullptr : found->get();
}

bool ThreadTable::is_leader(const Entry& entry) const {
  return entry.tracee.tid().value == target_->pid().value;
}

ThreadTable::Entry* ThreadTable::seize(const process::ThreadStat& thread) {
  PatientSeize attach;
  return seize(thread, attach);
}

ThreadTable::Entry* ThreadTable::seize(const process::ThreadStat& thread, PatientSeize& attach) {
  constexpr auto patience = std::chrono::seconds(2);
  for (const auto end = Clock::now() + patience;;) {
    try {
      auto tracee = Tracee::seize(target_->pid(), thread.tid, attach);
      if (!tracee) return nullptr;
      StoppedThread view{.tid = thread.tid, .comm = thread.comm, .was_blocked = thread.is_blocked()};
      entries_.push_back(
          std::make_unique<Entry>(Entry{std::move(*tracee), std::move(view), thread.processor}));
      return entries_.back().get();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::busy || Clock::now() > end) throw;
      pump();  // the exec waits for the threads that it ended and that stent holds
      adopt_unseen();
    }
  }
}

std::size_t ThreadTable::seize_listed(bool with_leader) {
  std::vector<Tid> held;
  for (const auto& entry : entries_) held.push_back(entry->tracee.tid());
  std::sort(held.begin(), held.end());
  PatientSeize attach;
  std::size_t seized = 0;
  skipped_ = 0;
  for (const Tid tid : list_threads(target_->pid())) {
    if (std::binary_search(held.begin(), held.end(), tid)) continue;
    if (!with_leader && tid.value == target_->pid().value) continue;
    const auto stat = read_thread_stat(target_->pid(), tid);
    const bool traceable = stat && !stat->is_dead() && !stat->is_kernel_worker();
    if (traceable && seize(*stat, attach) != nullptr)
      ++seized;
    else
      ++skipped_;
  }
  return seized;
}

void ThreadTable::seize_others() {
  pump();
  releasing_ = false;
  sharer_.reset();
  leader_ = read_thread_stat(target_->pid(), {target_->pid().value});
  folder_ = UniqueFd(::open(process::proc_path(target_->pid(), "/task").c_str(), O_PATH | O_CLOEXEC));
  while (seize_listed(false) != 0) pump();
  if (!leader_ || leader_->is_dead() || find(leader_->tid) != nullptr || entries_.empty()) {
    leader_.reset();
    do pump();
    while (seize_listed(true) != 0);
  }
  require_target();
  const bool alive = std::any_of(entries_.begin(), entries_.end(), [](const auto& e) { return !e->dormant; });
  if (!alive) throw target_gone(target_->pid(), "ended");
}

ThreadTable::Entry* ThreadTable::seize_leader(PatientSeize& attach) {
  const auto leader = std::exchange(leader_, std::nullopt);
  Entry* entry = leader ? seize(*leader, attach) : nullptr;
  if (entry != nullptr) require_target();  // it may have executed, which untraced it did not report
  return entry;
}

void ThreadTable::require_target() const {
  if (target_->is_current()) return;
  const auto leader = read_thread_stat(target_->pid(), {target_->pid().value});
  throw target_gone(target_->pid(), leader && !leader->is_dead() ? "replaced itself by exec" : "ended");
}

bool ThreadTable::holds_everything() const {
  // The folder has two links of its own and one for each thread of the group (fs/proc/base.c). A thread that
  // has ended counts there until it is reaped, and is held here until then.
  struct stat folder {};
  if (skipped_ != 0 || ::fstat(folder_.get(), &folder) != 0) return false;
  const auto held = std::count_if(entries_.begin(), entries_.end(), [](const auto& entry) {
    return entry->tracee.state() != Tracee::State::ended;
  });
  return folder.st_nlink == 2 + static_cast<std::size_t>(held) + (leader_ ? 1U : 0U);
}

std::size_t ThreadTable::seize_newcomers() { return holds_everything() ? 0 : seize_listed(!leader_); }

void ThreadTable::adopt(Tid child) {
  if (find(child) != nullptr) return;
  const auto stat = read_thread_stat(target_->pid(), child);
  if (!stat) {  // a process of its own, or ended already
    // What has ended has no memory, and kcmp(2) calls that equal to the memory of another that has ended.
    const auto own = read_thread_stat({child.value}, child);
    const auto thread = with_memory();
    if (own && !own->is_dead() && thread && process::shares_memory(*thread, child)) sharer_ = {child.value};
    return strangers_.let_go(child, [this](Tid born) { adopt(born); });
  }
  entries_.push_back(std::make_unique<Entry>(
      Entry{Tracee::newborn(target_->pid(), child), StoppedThread{.tid = child, .comm = stat->comm}}));
}

std::optional<StopEvent> ThreadTable::await(Entry& entry, Clock::time_point deadline) {
  constexpr Clock::duration slice = std::chrono::milliseconds(1);
  for (;;) {
    if (auto event = entry.tracee.poll()) {
      if (event->kind == StopEvent::Kind::exec) answer(entry, *event);  // throws
      if (event->kind == StopEvent::Kind::clone) adopt(event->child);
      return event;
    }
    pump(&entry);
    const auto left = deadline - Clock::now();
    if (left <= Clock::duration::zero()) return std::nullopt;
    await_report(std::min(left, slice));
  }
}

void ThreadTable::pump(const Entry* except) {
  if (strangers_.any()) strangers_.pump([this](Tid born) { adopt(born); });
  if (entries_.empty()) return;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = *entries_[i];
    if (&entry == except) continue;
    using State = Tracee::State;
    while (entry.tracee.state() == State::running || entry.tracee.state() == State::listening) {
      const auto event = entry.tracee.poll();
      if (!event) break;
      answer(entry, *event);
    }
  }
  forget_ended();
}

void ThreadTable::forget_ended() {
  for (const auto& entry : entries_) executed_ = executed_ || entry->tracee.vanished();
  std::erase_if(entries_, [](const auto& entry) { return entry->tracee.state() == Tracee::State::ended; });
}

void ThreadTable::answer(Entry& entry, const StopEvent& event) {
  using Kind = StopEvent::Kind;
  Tracee& tracee = entry.tracee;
  switch (event.kind) {
    case Kind::ended: return;
    case Kind::group_stop: return releasing_ ? tracee.leave() : tracee.listen();
    case Kind::interrupted: tracee.cure(); return releasing_ ? tracee.leave() : tracee.resume();
    case Kind::signal:
      // A signal that runs no handler would, because it is traced, leave an EINTR behind: look once more
      // after it.
      if (const auto registers = tracee.registers();
          releasing_ || (registers && tracee.is_broken(*registers)))
        tracee.interrupt();
      return tracee.resume(event.signal);
    case Kind::exec: tracee.leave(); throw target_gone(target_->pid(), "replaced itself by exec");
    case Kind::clone: adopt(event.child); break;
    case Kind::syscall:
    case Kind::other: break;
  }
  if (releasing_) tracee.interrupt();
  tracee.resume();
}

std::vector<int> ThreadTable::busy_processors() const {
  std::vector<int> busy;
  for (const auto& entry : entries_)
    if (!entry->view.was_blocked) busy.push_back(entry->processor);
  if (leader_ && !leader_->is_blocked()) busy.push_back(leader_->processor);
  return busy;
}

/// The last one asked is waited for first: those that must share a processor with stent stop while it sleeps,
/// without waking it up each time.
void ThreadTable::await_all(std::span<Entry* const> asked, bool run_elsewhere, Clock::time_point deadline) {
  // A thread that runs elsewhere stops within microseconds, less than falling asleep and waking up takes,
  // where that ends the rest of a virtual processor.
  const Clock::duration worth_spinning = std::chrono::microseconds(run_elsewhere ? 50 : 8);
  const auto ran = std::ranges::find_if(asked, [](const Entry* e) { return !e->view.was_blocked; });
  const auto sleep = [deadline](std::span<Entry* const> some) {
    for (std::size_t i = some.size(); i-- > 0 && Clock::now() < deadline;)
      some[i]->tracee.sleep_until_report();
  };
  const auto running = asked.subspan(static_cast<std::size_t>(ran - asked.begin()));
  sleep(asked.first(asked.size() - running.size()));
  const auto spin_until = Clock::now() + worth_spinning;
  for (std::size_t i = running.size(); i-- > 0;)
    while (!running[i]->tracee.has_report() && Clock::now() < spin_until) {
    }
  sleep(running);
}

ThreadTable::Outcome ThreadTable::settle(Entry& entry, Clock::time_point deadline) {
  for (;;) {
    if (!entry.tracee.settle(deadline, [this](Tid child) { adopt(child); })) {
      const auto stat = read_thread_stat(target_->pid(), entry.tracee.tid());
      if (stat && !stat->is_dead() && entry.tracee.state() != Tracee::State::ended) return Outcome::late;
      if (entry.tracee.state() != Tracee::State::ended) entry.dormant = true;
      return Outcome::ended;
    }
    auto registers = entry.tracee.registers();
    if (registers) {
      if (entry.tracee.is_broken(*registers)) {
        make_restart(*registers, Clock::now().time_since_epoch());
        entry.tracee.set_registers(*registers);
      }
      entry.view.registers = *registers;
      entry.view.group_stopped = entry.tracee.group_stopped();
      return Outcome::stopped;
    }
    entry.tracee.resume();  // killed in its stop: wait for its end
  }
}

void ThreadTable::release(Entry& entry) {
  if (entry.tracee.state() == Tracee::State::stopped) entry.tracee.leave();
}

void ThreadTable::with_stopped(const std::function<void(Tid)>& work) {
  constexpr auto patience = std::chrono::seconds(1);
  pump();
  for (const auto& entry : entries_)
    if (entry->tracee.state() == Tracee::State::stopped) return work(entry->tracee.tid());
  for (const process::ThreadStat& thread : target_->threads()) {
    Entry* entry = find(thread.tid) != nullptr ? nullptr : seize(thread);
    if (entry == nullptr) continue;
    entry->tracee.interrupt();
    if (settle(*entry, Clock::now() + patience) != Outcome::stopped) continue;
    work(thread.tid);  // were it to throw, the entry lets its thread go in the end
    release(*entry);
    return pump();
  }
  throw Error(ErrorCode::busy,
              "no thread of process " + std::to_string(target_->pid().value) + " could be stopped",
              "every thread is in an uninterruptible sleep; try again");
}

void ThreadTable::release_all() {
  releasing_ = true;
  for (const auto& entry : entries_)
    if (is_leader(*entry)) release(*entry);
  for (const bool blocked : {false, true})
    for (const auto& entry : entries_)
      if (entry->view.was_blocked == blocked) release(*entry);
  for (const auto& entry : entries_)
    if (entry->tracee.state() == Tracee::State::running || entry->tracee.state() == Tracee::State::listening)
      entry->tracee.interrupt();
}

/// The leader where it lives: another thread may just have ended, and what has ended has no memory, which
/// kcmp(2) calls equal to the memory of the kernel's threads.
std::optional<Tid> ThreadTable::with_memory() const {
  if (leader_) return leader_->tid;
  std::optional<Tid> any;
  for (const auto& entry : entries_) {
    if (entry->dormant || entry->tracee.state() == Tracee::State::ended) continue;
    if (!any || is_leader(*entry)) any = entry->tracee.tid();
  }
  return any;
}

std::optional<Unstoppable> ThreadTable::memory_sharer() {
  births_.reset();
  if (leader_) births_.emplace();
  if (const auto thread = with_memory(); thread && !sharer_)
    sharer_ = process::find_memory_sharer(target_->pid(), *thread);
  return describe_sharer();
}

std::optional<Unstoppable> ThreadTable::new_memory_sharer() {
  // What traced threads give birth to, they report (`adopt`). The leader was traced only in the end.
  const auto thread = with_memory();
  if (sharer_ || !births_ || !thread) return describe_sharer();
  const auto born = births_->ids();
  if (!born) return memory_sharer();
  for (const Tid id : *born)
    if (process::shares_memory(*thread, id) && !read_thread_stat(target_->pid(), id)) sharer_ = {id.value};
  return describe_sharer();
}

std::optional<Unstoppable> ThreadTable::describe_sharer() const {
  if (!sharer_) return std::nullopt;
  return Unstoppable{
      {sharer_->value},
      process::name_of(*sharer_),
      "it is a process of its own that runs in the target's memory (vfork, or clone with CLONE_VM)"};
}

Unstoppable ThreadTable::explain(const Entry& entry) const {
  const auto stat = read_thread_stat(target_->pid(), entry.tracee.tid());
  const char state = stat ? stat->state : '?';
  std::string reason = "it did not stop in time (state " + std::string(1, state) + ")";
  if (state == 'D')
    reason = "it is in an uninterruptible sleep (disk, network file system, or waiting for a vfork child)";
  if (process::is_frozen(target_->pid(), entry.tracee.tid())) reason = "it is frozen by a cgroup";
  return {entry.tracee.tid(), entry.view.comm, std::move(reason)};
}

void ThreadTable::adopt_unseen() {
  for (const Tid tid : list_threads(target_->pid())) {
    if (find(tid) != nullptr || !Tracee::is_held(tid)) continue;
    entries_.push_back(std::make_unique<Entry>(
        Entry{Tracee::newborn(target_->pid(), tid), StoppedThread{.tid = tid, .comm = "?"}}));
    entries_.back()->tracee.interrupt();
  }
}

bool ThreadTable::holds_any() const {
  if (strangers_.any()) return true;
  if (entries_.empty()) return false;
  if (entries_.size() > 1 || !is_leader(*entries_.front())) return true;
  const auto leader = read_thread_stat(target_->pid(), {target_->pid().value});
  return leader && !leader->is_dead();  // a leader that ended before its siblings has nothing more to report
}

/// An exec that a thread made just when it was seized: it goes on as the leader, traced.
bool ThreadTable::holds_unseen_leader() const {
  const Tid leader{target_->pid().value};
  return find(leader) == nullptr && Tracee::is_held(leader);
}

bool ThreadTable::any_runnable() const {
  return std::any_of(entries_.begin(), entries_.end(), [this](const auto& entry) {
    const auto stat = read_thread_stat(target_->pid(), entry->tracee.tid());
    return stat && stat->state == 'R';
  });
}

void ThreadTable::detach_all() noexcept try {
  // A thread that only lacks a processor will come to its stop; let go before, it would see EINTR.
  constexpr auto patience = std::chrono::seconds(2), longest = std::chrono::seconds(60);
  release_all();
  constexpr int rounds_between_looks = 8;
  // All at once: one that executes waits for the end of the others, and that for being reaped.
  const auto began = Clock::now();
  const auto is_patient = [&] {
    return Clock::now() < began + patience || (Clock::now() < began + longest && any_runnable());
  };
  for (int round = 1; is_patient(); ++round) try {
      pump();
      const bool was_executed = std::exchange(executed_, false) || (!holds_any() && holds_unseen_leader());
      if (!holds_any() && !was_executed) break;
      if (was_executed || round % rounds_between_looks == 0) adopt_unseen();
      await_report(std::chrono::milliseconds(1));
    } catch (const Error&) {  // it executed and was let go
    }
  for (const auto& entry : entries_) entry->tracee.abandon();
  strangers_.abandon();
  entries_.clear();
} catch (const std::exception&) {  // out of memory: the kernel lets go what is still held when stent ends
}

}  // namespace stent::stop
