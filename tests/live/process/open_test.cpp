#include <elf.h>
#include <gmock/gmock.h>
#include <sys/ptrace.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "live/process/process.hpp"
#include "live/stop/session.hpp"
#include "target_process.hpp"

namespace stent::process {
namespace {

using test::eventually;
using test::TargetProcess;

/// The error of opening `pid`; fails the test when there is none.
Error refusal(Pid pid) {
  try {
    (void)Process::open(pid);
  } catch (const Error& error) {
    EXPECT_NE(error.hint(), "");
    return error;
  }
  ADD_FAILURE() << "process " << pid.value << " was accepted";
  return {ErrorCode::internal, ""};
}

TEST(Open, FindsModulesByTheirMemory) {
  for (const char* compiler : {"gcc", "clang"}) {
    TargetProcess target("blocked_threads", {"read", "1"}, compiler);
    const Process process = Process::open(target.pid());
    EXPECT_EQ(process.threads().size(), 2u);
    const auto modules = process.modules();
    const auto count = [&](auto accept) { return std::count_if(modules.begin(), modules.end(), accept); };
    EXPECT_EQ(count([](const Module& m) { return m.is_executable; }), 1);
    EXPECT_EQ(count([](const Module& m) { return m.name == "[vdso]"; }), 1);
    EXPECT_EQ(count([](const Module& m) { return m.name.find("libc.so") != std::string::npos; }), 1);
    for (const Module& module : modules) {
      EXPECT_EQ(module.build_id.bytes.size(), 20u) << module.name;
      EXPECT_TRUE(module.eh_frame_hdr) << module.name;
      EXPECT_TRUE(module.dynamic) << module.name;
      EXPECT_TRUE(module.contains(module.header));
    }
  }
}

TEST(Open, FindsADeletedExecutable) {
  const std::string copy = testing::TempDir() + "target_deleted_" + std::to_string(::getpid()) + "_gcc";
  std::filesystem::copy_file(std::string(STENT_TARGETS_DIR) + "/target_blocked_threads_gcc", copy,
                             std::filesystem::copy_options::overwrite_existing);
  TargetProcess target = TargetProcess::at(copy, {"read", "1"});
  std::filesystem::remove(copy);
  const auto modules = Process::open(target.pid()).modules();
  const auto program =
      std::find_if(modules.begin(), modules.end(), [](const Module& m) { return m.is_executable; });
  ASSERT_NE(program, modules.end());
  EXPECT_EQ(program->name, copy);
  EXPECT_FALSE(program->build_id.empty());
}

TEST(Open, SaysGoneForNoSuchProcess) {
  EXPECT_EQ(refusal({0x3ffffff}).code(), ErrorCode::gone);
  EXPECT_EQ(refusal({0}).code(), ErrorCode::gone);
  EXPECT_EQ(refusal({-1}).code(), ErrorCode::gone);
}

TEST(Open, SaysGoneForAZombie) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  const Error error = refusal({child});
  EXPECT_EQ(error.code(), ErrorCode::gone);
  EXPECT_THAT(error.message(), testing::HasSubstr("zombie"));
  ::waitpid(child, nullptr, 0);
}

TEST(Open, RefusesAKernelThread) {
  if (!std::filesystem::exists("/proc/2/stat")) GTEST_SKIP() << "no kernel thread is visible here";
  const Error error = refusal({2});
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.message(), testing::HasSubstr("kernel"));
}

TEST(Open, RefusesAThreadThatIsNoProcess) {
  TargetProcess target("blocked_threads", {"read", "1"});
  const auto threads = Process::open(target.pid()).threads();
  EXPECT_EQ(refusal({threads.back().tid.value}).code(), ErrorCode::unsupported);
}

TEST(Open, NamesTheTracer) {
  TargetProcess target("blocked_threads", {"read", "1"});
  ASSERT_EQ(::ptrace(PTRACE_SEIZE, target.pid().value, nullptr, nullptr), 0);
  const Error error = refusal(target.pid());
  EXPECT_EQ(error.code(), ErrorCode::traced);
  EXPECT_THAT(error.message(), testing::HasSubstr("(pid " + std::to_string(::getpid()) + ")"));
  EXPECT_THAT(error.message(), testing::HasSubstr("live_process"));
}

TEST(Open, RefusesWhatAnotherUserMayNotTrace) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  TargetProcess target("blocked_threads", {"read", "1"});
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    try {
      (void)Process::open(target.pid());
    } catch (const Error& error) {
      ::_exit(error.code() == ErrorCode::not_permitted ? 0 : 3);
    }
    ::_exit(1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

/// A 32-bit program that pauses for ever.
std::string write_elf32() {
  const unsigned char code[] = {0xb8, 29, 0, 0, 0, 0xcd, 0x80, 0xeb, 0xf7};  // mov $29,%eax; int $0x80; jmp
  constexpr Elf32_Addr base = 0x08048000;
  constexpr Elf32_Word headers = sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr);
  Elf32_Ehdr elf{};
  std::memcpy(elf.e_ident, ELFMAG, SELFMAG);
  elf.e_ident[EI_CLASS] = ELFCLASS32;
  elf.e_ident[EI_DATA] = ELFDATA2LSB;
  elf.e_ident[EI_VERSION] = EV_CURRENT;
  elf.e_type = ET_EXEC;
  elf.e_machine = EM_386;
  elf.e_version = EV_CURRENT;
  elf.e_entry = base + headers;
  elf.e_phoff = sizeof elf;
  elf.e_ehsize = sizeof elf;
  elf.e_phentsize = sizeof(Elf32_Phdr);
  elf.e_phnum = 1;
  const Elf32_Phdr load{PT_LOAD,     0,     base, base, headers + sizeof code, headers + sizeof code,
                        PF_R | PF_X, 0x1000};
  const std::string path = testing::TempDir() + "target_elf32_" + std::to_string(::getpid());
  FILE* file = std::fopen(path.c_str(), "we");
  std::fwrite(&elf, sizeof elf, 1, file);
  std::fwrite(&load, sizeof load, 1, file);
  std::fwrite(code, sizeof code, 1, file);
  std::fclose(file);
  ::chmod(path.c_str(), 0755);
  return path;
}

TEST(Open, RefusesA32BitProgram) {
  const std::string path = write_elf32();
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(path.c_str(), path.c_str(), nullptr);
    (void)!::write(ready[1], "x", 1);
    ::_exit(127);
  }
  ::close(ready[1]);
  char failed = 0;
  const bool runs = ::read(ready[0], &failed, 1) == 0;  // closed by a successful exec
  ::close(ready[0]);
  if (runs) {
    const Error error = refusal({child});
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    EXPECT_THAT(error.message(), testing::HasSubstr("32-bit"));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::filesystem::remove(path);
  if (!runs) GTEST_SKIP() << "this kernel runs no 32-bit programs";
}

TEST(Open, WorksAfterTheLeaderEnded) {
  TargetProcess target("leader_exits");
  ASSERT_TRUE(eventually([&] { return test::state_of(target.pid(), {target.pid().value}) == 'Z'; }));
  const Process process = Process::open(target.pid());
  EXPECT_FALSE(process.mappings().empty());
  EXPECT_FALSE(process.modules().empty());
  stop::Session session(process);
  EXPECT_EQ(session.thread_count(), 1u);
}

TEST(Memory, ReadsInBatchesAcrossHoles) {
  TargetProcess target("blocked_threads", {"read", "1"});
  const Process process = Process::open(target.pid());
  const auto mappings = process.mappings();
  std::vector<Bytes> buffers(1200, Bytes(16));
  std::vector<ReadRequest> requests;
  for (std::size_t i = 0; i < buffers.size(); ++i)
    requests.push_back(
        {i % 7 == 3 ? RemoteAddress{8} : mappings.front().range.begin, buffers[i], i % 2 == 0});
  process.memory().read_many(requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(requests[i].ok, i % 7 != 3);
    EXPECT_EQ(std::memcmp(buffers[i].data(), ELFMAG, SELFMAG) == 0, requests[i].ok);
  }
  EXPECT_THROW((void)process.memory().read(RemoteAddress{8}, 4), Error);
  EXPECT_THROW(process.writable_memory().write(RemoteAddress{8}, buffers[0]), Error);
  target.kill_and_reap();
  try {
    (void)process.memory().read(mappings.front().range.begin, 4);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::gone);
  }
}

}  // namespace
}  // namespace stent::process
