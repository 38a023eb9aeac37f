// A program that does everything at once: 32 threads that compute, allocate, lock, throw and wait, others
// that are born and die all the time, and a signal every 100 us counted at both ends. stdin: "report" -> one
// line of counters; "settle" -> the signals stop, then one line of counters.
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

extern "C" long pair(long x);

namespace {

std::atomic<long> computed, wrong, blocks, damaged, locked, thrown, uncaught, born, waits, interrupted, sent,
    received;
std::atomic<bool> signalling{true};
std::mutex mutex;
long guarded;  // odd while the lock is held

void handler(int) { received.fetch_add(1, std::memory_order_relaxed); }

long before(long x) { return (x * 3 + 1) * 100003 + x * 5 + 1; }
long after(long x) { return (x * 3 + 2) * 100003 + x * 5 + 2 + 7; }
long after_alone(long x) { return before(x) + 9; }

/// Work elsewhere: a thread that does nothing but call what is replaced leaves it only for moments.
[[gnu::noinline]] void work_elsewhere() {
  volatile char room[512];
  for (int round = 0; round < 100; ++round)
    for (volatile char& c : room) c = static_cast<char>(c + 1);
}

/// pair(), counted when it is wrong; leaves no return address of it on the stack.
long checked_pair(long x) {
  const long value = pair(x);
  work_elsewhere();
  if (value != before(x) && value != after(x) && value != after_alone(x)) ++wrong;
  return value;
}

void compute() {
  for (long x = 0;; x = (x + 1) % 100000) {
    (void)checked_pair(x);
    ++computed;
  }
}

void allocate() {
  std::vector<std::string> kept(64);
  for (unsigned i = 0;; ++i) {
    const std::size_t size = 1 + i * 2654435761U % 4096;
    std::string& place = kept[i % kept.size()];
    for (const char c : place)
      if (c != static_cast<char>('a' + i % kept.size() % 26)) ++damaged;
    place = std::string(size, static_cast<char>('a' + i % kept.size() % 26));
    ++blocks;
  }
}

void hold_locks() {
  for (long x = 0;; ++x) {
    const std::lock_guard lock(mutex);
    ++guarded;
    (void)checked_pair(x % 1000);
    if (guarded % 2 != 1) ++wrong;
    ++guarded;
    ++locked;
  }
}

[[gnu::noinline]] long thrower(long x) {
  const std::string with_destructor(100, 'x');
  if (checked_pair(x) != 0) throw std::runtime_error(with_destructor);
  return x;
}

void throw_exceptions() {
  for (long x = 1;; x = x % 1000 + 1) {
    try {
      thrower(x);
      ++uncaught;
    } catch (const std::runtime_error& error) {
      if (std::strlen(error.what()) != 100) ++wrong;
      ++thrown;
    }
  }
}

constexpr int waiters = 6;
/// Passed when all descriptors are there.
std::latch waiting{waiters + 1};

/// Waits, with all signals blocked: whoever interrupts it is not the program itself.
void wait_for_events() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  const int events = epoll_create1(EPOLL_CLOEXEC);
  const int counter = eventfd(0, EFD_CLOEXEC);
  epoll_event event{EPOLLIN, {}};
  epoll_ctl(events, EPOLL_CTL_ADD, counter, &event);
  waiting.arrive_and_wait();
  for (;;) {
    epoll_event happened{};
    if (epoll_wait(events, &happened, 1, 20) < 0 && errno == EINTR) ++interrupted;
    ++waits;
  }
}

void give_birth() {
  for (long x = 0;; ++x) {
    std::thread child([x] { (void)checked_pair(x % 1000); });
    child.join();
    ++born;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

/// A queued signal is never merged with another, so that what is sent arrives.
void send_signals() {
  for (;;) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    if (!signalling) continue;
    if (sigqueue(getpid(), SIGRTMIN, {}) == 0) ++sent;
  }
}

void report() {
  std::printf(
      "computed %ld wrong %ld blocks %ld damaged %ld locked %ld thrown %ld uncaught %ld born %ld waits %ld "
      "interrupted %ld sent %ld received %ld\n",
      computed.load(), wrong.load(), blocks.load(), damaged.load(), locked.load(), thrown.load(),
      uncaught.load(), born.load(), waits.load(), interrupted.load(), sent.load(), received.load());
  std::fflush(stdout);
}

void start(int count, void (*work)()) {
  for (int i = 0; i < count; ++i) std::thread(work).detach();
}

}  // namespace

int main() {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(SIGRTMIN, &action, nullptr);
  start(8, compute);
  start(6, allocate);
  start(4, hold_locks);
  start(4, throw_exceptions);
  start(waiters, wait_for_events);
  start(3, give_birth);
  start(1, send_signals);
  waiting.arrive_and_wait();
  std::puts("ready");
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    signalling = line != "settle";
    for (int i = 0; !signalling && received != sent && i < 30000; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    report();
    signalling = true;
  }
}
