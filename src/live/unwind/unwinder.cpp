#include "live/unwind/unwinder.hpp"

#include <libunwind.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/error.hpp"
#include "live/process/page_cache.hpp"
#include "live/unwind/arch_x86_64_call_site.hpp"
#include "live/unwind/arch_x86_64_return_slot.hpp"

// Exported by libunwind-x86_64 and used by libunwind-ptrace, but declared in no installed header.
extern "C" int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t space, unw_word_t ip,
                                                  unw_dyn_info_t* table, unw_proc_info_t* result,
                                                  int need_unwind_info, void* argument);

namespace stent::unwind {
namespace {

constexpr std::uint8_t pointer_encoding_omitted = 0xff;
constexpr std::uint8_t table_encoding = 0x3b;  // DW_EH_PE_datarel | DW_EH_PE_sdata4

/// Where libunwind finds the indexes that exist only in stent: in the kernel's half, so nowhere in the
/// target.
constexpr std::uint64_t first_index = 0xff00'0000'0000'0000, index_room = std::uint64_t{1} << 32;

/// Bytes of a DWARF pointer with this encoding as it is used in .eh_frame_hdr; 0 for one not handled.
std::size_t encoded_size(std::uint8_t encoding) {
  switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c: return 8;
    case 0x03:
    case 0x0b: return 4;
    case 0x02:
    case 0x0a: return 2;
    default: return 0;
  }
}

}  // namespace

std::vector<UnwindTable> unwind_tables(std::span<const process::Module> modules) {
  std::vector<UnwindTable> tables;
  for (const process::Module& module : modules) {
    if (!module.eh_frame_hdr) continue;
    for (const process::Segment& segment : module.segments)
      if (segment.permissions.execute) tables.push_back({segment.range, *module.eh_frame_hdr});
  }
  return tables;
}

/// What libunwind calls back into.
class Unwinder::Accessors {
 public:
  Accessors(const process::RemoteMemory& memory, std::vector<UnwindTable> tables)
      : fixed_(memory), tables_(std::move(tables)) {
    callbacks_.find_proc_info = find_proc_info;
    callbacks_.put_unwind_info = put_unwind_info;
    callbacks_.get_dyn_info_list_addr = no_dynamic_info;
    callbacks_.access_mem = access_memory;
    callbacks_.access_reg = access_register;
    callbacks_.access_fpreg = no_float_register;
    callbacks_.resume = no_resume;
    callbacks_.get_proc_name = no_name;
    space_ = unw_create_addr_space(&callbacks_, 0);
    if (space_ == nullptr) throw Error(ErrorCode::internal, "libunwind gave no address space");
  }
  Accessors(const Accessors&) = delete;
  Accessors& operator=(const Accessors&) = delete;
  ~Accessors() { unw_destroy_addr_space(space_); }

  [[nodiscard]] CallChain walk(const StackSnapshot& snapshot, std::size_t most_frames,
                               const std::function<void()>& pause);

 private:
  static Accessors& self(void* argument) { return *static_cast<Accessors*>(argument); }

  bool read_index(RemoteAddress from, MutableByteView into) const;
  bool read(RemoteAddress from, MutableByteView into) {
    if (from.value >= first_index) return read_index(from, into);
    return (snapshot_ != nullptr && snapshot_->read(from, into)) || fixed_.read(from, into);
  }
  template <class T>
  std::optional<T> read_value(RemoteAddress from) {
    T value;
    if (!read(from, std::as_writable_bytes(std::span(&value, 1)))) return std::nullopt;
    return value;
  }

  std::optional<unw_dyn_info_t> table_of(const UnwindTable& table);
  unw_dyn_info_t indexed(const UnwindTable& table) const;
  bool at_syscall(RemoteAddress pc);
  bool follows_call(RemoteAddress pc);
  bool is_confirmed(unw_cursor_t cursor, const Frame& frame);

  static int find_proc_info(unw_addr_space_t, unw_word_t ip, unw_proc_info_t* result, int need,
                            void* argument);
  static void put_unwind_info(unw_addr_space_t, unw_proc_info_t* info, void*) {
    std::free(info->unwind_info);
    info->unwind_info = nullptr;
  }
  static int no_dynamic_info(unw_addr_space_t, unw_word_t*, void*) { return -UNW_ENOINFO; }
  static int access_memory(unw_addr_space_t, unw_word_t at, unw_word_t* value, int write, void* argument);
  static int access_register(unw_addr_space_t, unw_regnum_t number, unw_word_t* value, int write,
                             void* argument);
  static int no_float_register(unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*) {
    return -UNW_EBADREG;
  }
  static int no_resume(unw_addr_space_t, unw_cursor_t*, void*) { return -UNW_EINVAL; }
  static int no_name(unw_addr_space_t, unw_word_t, char*, std::size_t, unw_word_t*, void*) {
    return -UNW_ENOINFO;
  }

  process::PageCache fixed_;  ///< code and tables of modules
  std::vector<UnwindTable> tables_;
  unw_accessors_t callbacks_{};
  unw_addr_space_t space_ = nullptr;
  const StackSnapshot* snapshot_ = nullptr;  ///< during a walk
  bool guessed_ = false;  ///< libunwind was left without information and went on by heuristics
};

bool Unwinder::Accessors::read_index(RemoteAddress from, MutableByteView into) const {
  const std::uint64_t number = (from.value - first_index) / index_room,
                      offset = (from.value - first_index) % index_room;
  if (number >= tables_.size() || !tables_[number].index) return false;
  const auto bytes = std::as_bytes(std::span(*tables_[number].index));
  if (offset > bytes.size() || bytes.size() - offset < into.size()) return false;
  std::ranges::copy(bytes.subspan(offset, into.size()), into.begin());
  return true;
}

unw_dyn_info_t Unwinder::Accessors::indexed(const UnwindTable& table) const {
  unw_dyn_info_t info{};
  info.format = UNW_INFO_FORMAT_REMOTE_TABLE;
  info.start_ip = table.code.begin.value;
  info.end_ip = table.code.end().value;
  info.u.rti.segbase = table.code.begin.value;
  info.u.rti.table_data = first_index + static_cast<std::uint64_t>(&table - tables_.data()) * index_room;
  info.u.rti.table_len = table.index->size();
  return info;
}

std::optional<unw_dyn_info_t> Unwinder::Accessors::table_of(const UnwindTable& table) {
  if (table.index) return indexed(table);
  const RemoteAddress header = table.eh_frame_hdr.begin;
  const auto start = read_value<std::array<std::uint8_t, 4>>(header);
  if (!start || (*start)[0] != 1 || (*start)[3] != table_encoding) return std::nullopt;
  if ((*start)[1] == pointer_encoding_omitted || (*start)[2] == pointer_encoding_omitted) return std::nullopt;
  const std::size_t pointer = encoded_size((*start)[1]);
  if (pointer == 0 || encoded_size((*start)[2]) != 4) return std::nullopt;
  const RemoteAddress count_at = header + static_cast<std::int64_t>(4 + pointer);
  const auto count = read_value<std::uint32_t>(count_at);
  if (!count) return std::nullopt;
  unw_dyn_info_t info{};
  info.format = UNW_INFO_FORMAT_REMOTE_TABLE;
  info.start_ip = table.code.begin.value;
  info.end_ip = table.code.end().value;
  info.u.rti.segbase = header.value;
  info.u.rti.table_data = (count_at + 4).value;
  info.u.rti.table_len = *count;  // entries of 8 bytes, counted in words of 8 bytes
  return info;
}

int Unwinder::Accessors::find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* result,
                                        int need, void* argument) {
  Accessors& me = self(argument);
  for (const UnwindTable& table : me.tables_) {
    if (!table.code.contains({ip})) continue;
    auto info = me.table_of(table);
    if (!info) break;
    const int status = _Ux86_64_dwarf_search_unwind_table(space, ip, &*info, result, need, argument);
    if (status < 0) break;
    return status;
  }
  me.guessed_ = true;
  return -UNW_ENOINFO;
}

int Unwinder::Accessors::access_memory(unw_addr_space_t, unw_word_t at, unw_word_t* value, int write,
                                       void* argument) {
  if (write != 0) return -UNW_EINVAL;
  const auto word = self(argument).read_value<unw_word_t>({at});
  if (!word) return -UNW_EINVAL;
  *value = *word;
  return 0;
}

int Unwinder::Accessors::access_register(unw_addr_space_t, unw_regnum_t number, unw_word_t* value, int write,
                                         void* argument) {
  if (write != 0) return -UNW_EREADONLYREG;
  const user_regs_struct& r = self(argument).snapshot_->thread.registers;
  const std::array<unsigned long long, 17> by_number{r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi,
                                                     r.rbp, r.rsp, r.r8,  r.r9,  r.r10, r.r11,
                                                     r.r12, r.r13, r.r14, r.r15, r.rip};
  if (number < 0 || static_cast<std::size_t>(number) >= by_number.size()) return -UNW_EBADREG;
  *value = by_number[static_cast<std::size_t>(number)];
  return 0;
}

bool Unwinder::Accessors::at_syscall(RemoteAddress pc) {
  const auto before = read_value<std::array<std::uint8_t, 2>>(pc - 2);
  return before && (*before)[0] == 0x0f && (*before)[1] == 0x05;
}

bool Unwinder::Accessors::follows_call(RemoteAddress pc) {
  const auto code = read_value<std::array<std::uint8_t, call_site_size>>(pc - call_site_size);
  return code && ends_with_call(*code);
}

/// An interrupted frame: its program counter may be anywhere, so its call frame information is believed only
/// at a system call, or where the code ahead returns through the same word.
bool Unwinder::Accessors::is_confirmed(unw_cursor_t cursor, const Frame& frame) {
  if (at_syscall(frame.pc)) return true;
  unw_word_t rbp = 0, caller_sp = 0;
  if (unw_get_reg(&cursor, UNW_X86_64_RBP, &rbp) < 0) return false;
  const auto slot = return_slot(frame.pc, frame.sp, {rbp}, [this](RemoteAddress from, MutableByteView into) {
    return read(from, into);
  });
  if (!slot || unw_step(&cursor) <= 0 || unw_get_reg(&cursor, UNW_REG_SP, &caller_sp) < 0) return false;
  return RemoteAddress{caller_sp} == *slot + 8;
}

CallChain Unwinder::Accessors::walk(const StackSnapshot& snapshot, std::size_t most_frames,
                                    const std::function<void()>& pause) {
  constexpr std::size_t frames_between_pauses = 256;
  CallChain chain;
  snapshot_ = &snapshot;
  guessed_ = false;
  unw_cursor_t cursor;
  if (unw_init_remote(&cursor, space_, this) < 0) return chain;
  bool trusted = true, interrupted = true, crossed = false;
  int step = 1;
  while (step > 0 && chain.frames.size() < most_frames) {
    unw_word_t ip = 0, sp = 0;
    if (unw_get_reg(&cursor, UNW_REG_IP, &ip) < 0 || unw_get_reg(&cursor, UNW_REG_SP, &sp) < 0) break;
    if (!chain.frames.empty()) {
      const bool rises = sp > chain.frames.back().sp.value;
      // From an alternate stack a signal frame leads home, once.
      const bool comes_home =
          interrupted && !crossed && snapshot.home && snapshot.home->range().contains({sp});
      if (comes_home && !rises) crossed = true;
      if (!rises && !comes_home) trusted = false;
      if (!interrupted && unw_is_signal_frame(&cursor) <= 0 && !follows_call({ip})) trusted = false;
    }
    if (!snapshot.holds({sp})) trusted = false;
    const Frame frame{{ip}, {sp}, interrupted};
    chain.frames.push_back(frame);
    if (interrupted && !is_confirmed(cursor, frame)) trusted = false;
    interrupted = unw_is_signal_frame(&cursor) > 0;
    if (chain.frames.size() % frames_between_pauses == 0) pause();
    step = unw_step(&cursor);
  }
  chain.is_certain = trusted && step == 0 && !guessed_;
  snapshot_ = nullptr;
  return chain;
}

Unwinder::Unwinder(const process::RemoteMemory& memory, std::vector<UnwindTable> tables)
    : accessors_(std::make_unique<Accessors>(memory, std::move(tables))) {}
Unwinder::~Unwinder() = default;

CallChain Unwinder::walk(const StackSnapshot& snapshot, std::size_t most_frames,
                         const std::function<void()>& pause) {
  return accessors_->walk(snapshot, most_frames, pause);
}

}  // namespace stent::unwind
