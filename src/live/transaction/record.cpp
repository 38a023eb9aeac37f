#include "live/transaction/record.hpp"

#include <algorithm>
#include <array>

namespace stent::transaction {
namespace {

constexpr std::array<char, 16> magic{'\177', 's', 't', 'e', 'n', 't',  '-',  'r',
                                     'e',    'c', 'o', 'r', 'd', '\r', '\n', 0};
constexpr std::uint32_t version = 9;
constexpr std::uint64_t version_offset = 16;
constexpr std::uint64_t size_offset = 32;
constexpr std::uint64_t size_limit = 64U << 20U;

class Writer {
 public:
  template <class T>
  void value(T v) {
    const auto bytes = std::as_bytes(std::span(&v, 1));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  /// Returns where the bytes start.
  std::uint64_t blob(ByteView v) {
    value<std::uint64_t>(v.size());
    const std::uint64_t at = bytes_.size();
    bytes_.insert(bytes_.end(), v.begin(), v.end());
    return at;
  }
  void range(RemoteRange v) {
    value(v.begin.value);
    value(v.size);
  }
  void ranges(const std::vector<RemoteRange>& all) {
    value<std::uint64_t>(all.size());
    for (const RemoteRange& one : all) range(one);
  }
  Bytes bytes_;
};

class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  template <class T>
  T value() {
    const T v = load<T>(bytes_, at_);
    at_ += sizeof v;
    return v;
  }
  Bytes blob() {
    const auto size = value<std::uint64_t>();
    if (size > bytes_.size() - at_) throw Error(ErrorCode::bad_input, "a record in the target is damaged");
    const auto part = bytes_.subspan(at_, size);
    at_ += size;
    return {part.begin(), part.end()};
  }
  std::string text() {
    const Bytes bytes = blob();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  RemoteRange range() {
    const auto begin = value<std::uint64_t>();
    return {{begin}, value<std::uint64_t>()};
  }
  std::vector<RemoteRange> ranges() {
    std::vector<RemoteRange> all;
    for (auto left = value<std::uint64_t>(); left > 0; --left) all.push_back(range());
    return all;
  }
  [[nodiscard]] std::uint64_t at() const { return at_; }
  void seek(std::uint64_t at) { at_ = at; }

 private:
  ByteView bytes_;
  std::uint64_t at_ = 0;
};

void write_function(Writer& out, RecordedFunction& function) {
  out.blob(as_bytes(function.name));
  out.blob(as_bytes(function.module));
  out.value(function.entry.value);
  out.value(function.replacement.value);
  function.before_offset = out.blob(function.before);
  out.blob(function.written);
  out.ranges(function.module_extents);
  out.ranges(function.new_extents);
  out.value(function.destroys);
  out.value<std::uint64_t>(function.island ? 1 : 0);
  if (!function.island) return;
  out.value(function.island->at.value);
  out.blob(function.island->before);
  out.blob(function.island->written);
}

RecordedFunction read_function(Reader& in) {
  RecordedFunction function;
  function.name = in.text();
  function.module = in.text();
  function.entry = {in.value<std::uint64_t>()};
  function.replacement = {in.value<std::uint64_t>()};
  function.before_offset = in.at() + sizeof(std::uint64_t);
  function.before = in.blob();
  function.written = in.blob();
  function.module_extents = in.ranges();
  function.new_extents = in.ranges();
  function.destroys = in.value<std::uint64_t>();
  if (in.value<std::uint64_t>() == 0) return function;
  RecordedIsland& island = function.island.emplace();
  island.at = {in.value<std::uint64_t>()};
  island.before = in.blob();
  island.written = in.blob();
  return function;
}

void write_lineage(Writer& out, const Record& record) {
  out.value<std::uint64_t>(record.variables.size());
  for (const RecordedVariable& one : record.variables) {
    out.blob(one.module.bytes);
    out.blob(as_bytes(one.variable.identity));
    out.value<std::uint64_t>(one.variable.users.size());
    for (const std::string& user : one.variable.users) out.blob(as_bytes(user));
    for (const std::uint64_t v : {one.variable.size, one.variable.alignment, one.variable.type,
                                  one.variable.initial, one.address.value})
      out.value(v);
  }
  out.value<std::uint64_t>(record.relies_on.size());
  for (const RecordedReliance& one : record.relies_on) {
    out.blob(as_bytes(one.name));
    out.value(one.entry.value);
    out.value(one.registers);
  }
}

void read_lineage(Reader& in, Record& record) {
  for (auto left = in.value<std::uint64_t>(); left > 0; --left) {
    RecordedVariable& one = record.variables.emplace_back();
    one.module.bytes = in.blob();
    one.variable.identity = in.text();
    for (auto users = in.value<std::uint64_t>(); users > 0; --users) one.variable.users.push_back(in.text());
    for (std::uint64_t* v : {&one.variable.size, &one.variable.alignment, &one.variable.type,
                             &one.variable.initial, &one.address.value})
      *v = in.value<std::uint64_t>();
  }
  for (auto left = in.value<std::uint64_t>(); left > 0; --left) {
    RecordedReliance& one = record.relies_on.emplace_back();
    one.name = in.text();
    one.entry = {in.value<std::uint64_t>()};
    one.registers = in.value<std::uint64_t>();
  }
}

}  // namespace

std::string to_string(RecordState state) {
  switch (state) {
    case RecordState::applied: return "applied";
    case RecordState::retained: return "retained";
    default: return "incomplete";
  }
}

Bytes serialise(Record& record) {
  Writer out;
  for (const char c : magic) out.value(c);
  out.value(version);
  out.value<std::uint32_t>(0);
  out.value(static_cast<std::uint32_t>(record.state));
  out.value<std::uint32_t>(0);
  out.value<std::uint64_t>(0);  // size, below
  out.blob(record.id.bytes);
  out.blob(as_bytes(record.name));
  out.blob(as_bytes(record.description));
  out.value(record.applied_at);
  out.value(record.order);
  out.value<std::uint64_t>(record.replaces.size());
  for (const BuildId& id : record.replaces) out.blob(id.bytes);
  out.value(static_cast<std::uint64_t>(record.consistency));
  out.value<std::uint64_t>(record.removable ? 1 : 0);
  out.value<std::uint64_t>(record.pieces.size());
  for (const RecordedPiece& piece : record.pieces) {
    out.range(piece.range);
    out.value(static_cast<std::uint64_t>(piece.kind));
    out.value(piece.file_offset.value);
  }
  out.ranges(record.eh_frame_headers);
  out.value<std::uint64_t>(record.functions.size());
  for (RecordedFunction& function : record.functions) write_function(out, function);
  write_lineage(out, record);
  out.blob(serialise(record.runtime));
  store<std::uint64_t>(out.bytes_, size_offset, out.bytes_.size());
  return std::move(out.bytes_);
}

std::uint64_t record_size(ByteView head) {
  if (head.size() < record_head_size) return 0;
  if (!std::equal(magic.begin(), magic.end(), reinterpret_cast<const char*>(head.data()))) return 0;
  if (load<std::uint32_t>(head, version_offset) != version) return 0;
  const auto size = load<std::uint64_t>(head, size_offset);
  return size < record_head_size || size > size_limit ? 0 : size;
}

Record parse_record(ByteView bytes) {
  if (record_size(bytes) != bytes.size())
    throw Error(ErrorCode::bad_input, "a record in the target is damaged");
  Record record;
  record.state = static_cast<RecordState>(load<std::uint32_t>(bytes, record_state_offset));
  Reader in(bytes);
  in.seek(record_head_size);
  record.id.bytes = in.blob();
  record.name = in.text();
  record.description = in.text();
  record.applied_at = in.value<std::int64_t>();
  record.order = in.value<std::uint64_t>();
  for (auto left = in.value<std::uint64_t>(); left > 0; --left) record.replaces.push_back({in.blob()});
  record.consistency = static_cast<patch::Consistency>(in.value<std::uint64_t>());
  record.removable = in.value<std::uint64_t>() != 0;
  for (auto left = in.value<std::uint64_t>(); left > 0; --left) {
    const RemoteRange range = in.range();
    const auto kind = static_cast<patch::SegmentKind>(in.value<std::uint64_t>());
    record.pieces.push_back({range, kind, {in.value<std::uint64_t>()}});
  }
  record.eh_frame_headers = in.ranges();
  for (auto left = in.value<std::uint64_t>(); left > 0; --left) record.functions.push_back(read_function(in));
  read_lineage(in, record);
  record.runtime = parse_runtime(in.blob());
  return record;
}

}  // namespace stent::transaction
