#include "live/stop/thread_table.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "live/process/proc_file.hpp"
#include "live/stop/arch_x86_64_restart.hpp"

namespace stent::stop {

using process::list_threads;
using process::read_thread_stat;

ThreadTable::ThreadTable(const process::Process& target) : target_(&target) {
  while (seize_newcomers() != 0) pump();  // until a listing holds nothing new
  classify();
  if (entries_.empty()) throw target_gone(target.pid(), "ended");
}

ThreadTable::Entry* ThreadTable::find(Tid tid) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [tid](const auto& entry) { return entry->tracee.tid() == tid; });
  return found == entries_.end() ? nullptr : found->get();
}

std::size_t ThreadTable::seize_newcomers() {
  std::vector<Tid> held;
  for (const auto& entry : entries_) held.push_back(entry->tracee.tid());
  std::sort(held.begin(), held.end());
  std::size_t seized = 0;
  skipped_ = 0;
  for (const Tid tid : list_threads(target_->pid())) {
    if (std::binary_search(held.begin(), held.end(), tid)) continue;
    auto tracee = Tracee::seize(target_->pid(), tid);
    if (!tracee) {
      ++skipped_;
      continue;
    }
    entries_.push_back(std::make_unique<Entry>(Entry{std::move(*tracee), {}, false}));
    entries_.back()->view.tid = tid;
    ++seized;
  }
  return seized;
}

bool ThreadTable::incomplete() const {
  // The folder has two links of its own and one for each thread of the group (fs/proc/base.c).
  struct stat folder {};
  if (::stat(process::proc_path(target_->pid(), "/task").c_str(), &folder) != 0) return false;
  const auto present = std::count_if(entries_.begin(), entries_.end(), [](const auto& entry) {
    return entry->tracee.state() != Tracee::State::ended;
  });
  return folder.st_nlink != 2 + static_cast<std::size_t>(present) + skipped_;
}

void ThreadTable::classify() {
  for (const auto& entry : entries_) {
    const auto stat = read_thread_stat(target_->pid(), entry->tracee.tid());
    if (!stat) continue;  // ended; the next pump will hear of it
    entry->view.comm = stat->comm;
    entry->view.was_blocked = stat->is_blocked();
    entry->dormant = stat->is_dead() && entry->tracee.tid().value == target_->pid().value;
  }
}

void ThreadTable::adopt(Tid child) {
  if (find(child) != nullptr) return;
  Tracee tracee = Tracee::newborn(target_->pid(), child);
  const auto stat = read_thread_stat(target_->pid(), child);
  if (!stat) return;  // a process of its own, made by clone(2): the destructor lets it go
  entries_.push_back(std::make_unique<Entry>(Entry{std::move(tracee), {}, false}));
  entries_.back()->view.tid = child;
  entries_.back()->view.comm = stat->comm;
}

void ThreadTable::pump() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = *entries_[i];
    using State = Tracee::State;
    while (entry.tracee.state() == State::running || entry.tracee.state() == State::listening) {
      const auto event = entry.tracee.poll();
      if (!event) break;
      answer(entry, *event);
    }
  }
  std::erase_if(entries_, [](const auto& entry) { return entry->tracee.state() == Tracee::State::ended; });
  const bool alive = std::any_of(entries_.begin(), entries_.end(), [](const auto& e) { return !e->dormant; });
  if (!alive && seize_newcomers() == 0) throw target_gone(target_->pid(), "ended");
}

void ThreadTable::answer(Entry& entry, const StopEvent& event) {
  using Kind = StopEvent::Kind;
  Tracee& tracee = entry.tracee;
  switch (event.kind) {
    case Kind::ended: return;
    case Kind::group_stop: return tracee.listen();
    case Kind::interrupted: tracee.cure(); return tracee.resume();
    case Kind::signal:
      // A signal that runs no handler would, because it is traced, leave an EINTR behind: look once more
      // after it.
      if (const auto registers = tracee.registers(); registers && is_spurious_eintr(*registers))
        tracee.interrupt();
      return tracee.resume(event.signal);
    case Kind::exec: tracee.resume(); throw target_gone(target_->pid(), "replaced itself by exec");
    case Kind::clone: adopt(event.child); return tracee.resume();
    case Kind::syscall:
    case Kind::other: return tracee.resume();
  }
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
      if (cure_spurious_eintr(*registers)) entry.tracee.set_registers(*registers);
      entry.view.registers = *registers;
      entry.view.group_stopped = entry.tracee.group_stopped();
      return Outcome::stopped;
    }
    entry.tracee.resume();  // killed in its stop: wait for its end
  }
}

void ThreadTable::resume(Entry& entry) {
  if (entry.tracee.state() != Tracee::State::stopped) return;
  if (entry.tracee.group_stopped())
    entry.tracee.listen();
  else
    entry.tracee.resume();
}

void ThreadTable::resume_all() {
  for (const bool blocked : {false, true})
    for (const auto& entry : entries_)
      if (entry->view.was_blocked == blocked) resume(*entry);
}

Unstoppable ThreadTable::explain(const Entry& entry) const {
  const auto stat = read_thread_stat(target_->pid(), entry.tracee.tid());
  const char state = stat ? stat->state : '?';
  std::string reason = "it did not stop in time (state " + std::string(1, state) + ")";
  if (state == 'D')
    reason = "it is in an uninterruptible sleep (disk, network file system, or waiting for a vfork child)";
  return {entry.tracee.tid(), entry.view.comm, std::move(reason)};
}

void ThreadTable::detach_all() noexcept {
  constexpr auto patience = std::chrono::seconds(2);
  for (const bool blocked : {false, true})  // those that are stopped already, straight from their stop
    for (const auto& entry : entries_)
      if (entry->view.was_blocked == blocked && entry->tracee.state() == Tracee::State::stopped)
        entry->tracee.detach();
  const auto deadline = Clock::now() + patience;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = *entries_[i];
    const auto state = entry.tracee.state();
    if (state == Tracee::State::ended || entry.dormant) continue;
    try {
      if (state != Tracee::State::stopped) entry.tracee.interrupt();
      if (settle(entry, deadline) == Outcome::stopped) entry.tracee.detach();
    } catch (const std::exception&) {  // exec: the kernel keeps this one thread, let it go as it is
      entry.tracee.detach();
    }
  }
  for (const auto& entry : entries_) entry->tracee.abandon();
  entries_.clear();
}

}  // namespace stent::stop
