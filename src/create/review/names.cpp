#include "create/review/names.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "binary/model/object.hpp"

namespace stent::review {
namespace {

using Words = std::vector<std::string>;

/// "queueItemGet2" and "queue_item_get2" -> queue, item, get.
Words words_of(const std::string& name) {
  Words words;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) words.push_back(word);
    word.clear();
  };
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isupper(byte) != 0 && !word.empty() &&
        std::islower(static_cast<unsigned char>(word.back())) != 0)
      flush();
    if (std::isalpha(byte) == 0)
      flush();
    else
      word += static_cast<char>(std::tolower(byte));
  }
  flush();
  return words;
}

using Set = std::set<std::string_view>;

bool any_of(const Words& words, const Set& set) {
  return std::ranges::any_of(words, [&](const std::string& word) { return set.contains(word); });
}

bool is_in(const std::string& name, const Set& set) { return set.contains(name); }

std::string demangled(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 && text ? text.get() : symbol;
}

/// "a::b<c>::name(int) const" -> "name".
std::string last_name(const std::string& text) {
  std::string name;
  int depth = 0;
  const std::size_t call = text.find("operator()");
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == call) return "operator()";
    if (text.compare(i, 8, "operator") == 0 && (i == 0 || text[i - 1] == ':')) {
      return text.substr(i, std::min(text.find('(', i), text.size()) - i);
    }
    if (c == '<') ++depth;
    if (c == '>') --depth;
    if (depth > 0 || c == '>') continue;
    if (c == '(' && text.compare(i, 11, "(anonymous ") != 0) break;
    if (c == ' ' || c == ':')
      name.clear();
    else
      name += c;
  }
  return name;
}

}  // namespace

std::string plain_name(const std::string& symbol) {
  std::string name = model::parse_name(symbol).base;
  if (name.starts_with("_Z")) name = last_name(demangled(name));
  if (name.starts_with("operator")) return name;
  const std::size_t at = name.find_first_not_of('_');
  if (at != std::string::npos) name = name.substr(at);
  if (name.starts_with("isoc99_")) name = name.substr(7);
  if (name.size() > 4 && name.ends_with("_chk")) name = name.substr(0, name.size() - 4);
  return name;
}

LockEffect lock_effect(const std::string& plain) {
  static const Set up = {"lock", "trylock", "acquire", "rdlock", "wrlock", "timedlock", "mutexlock", "enter"};
  static const Set down = {"unlock", "leave", "mutexunlock"};
  static const Set things = {"mutex", "lock",     "spin",    "sem", "semaphore", "rwlock", "monitor",
                             "crit",  "critical", "section", "cs",  "rw",        "guard",  "latch"};
  if (plain == "sem_wait" || plain == "sem_trywait" || plain == "mtx_lock") return LockEffect::lock;
  if (plain == "sem_post") return LockEffect::unlock;
  if (plain == "flock" || plain == "lockf" || plain == "lock_init" || plain == "lock_destroy")
    return LockEffect::none;
  const Words words = words_of(plain);
  static const Set other = {"init", "destroy", "create", "new",  "free",    "alloc",
                            "is",   "held",    "owner",  "attr", "setattr", "settype"};
  if (any_of(words, other)) return LockEffect::none;
  if (any_of(words, down) || (any_of(words, {"release"}) && any_of(words, things))) return LockEffect::unlock;
  static const Set ambiguous = {"acquire", "enter"};
  for (const std::string& word : words)
    if (up.contains(word) && (!ambiguous.contains(word) || any_of(words, things))) return LockEffect::lock;
  return LockEffect::none;
}

bool synchronises(const std::string& plain) {
  return lock_effect(plain) != LockEffect::none || plain.find("cond_") != std::string::npos ||
         plain.find("notify") != std::string::npos || plain.find("barrier") != std::string::npos ||
         plain.starts_with("sem_") || plain.find("futex") != std::string::npos;
}

CountEffect count_effect(const std::string& plain) {
  static const Set up = {"ref", "addref", "incref", "retain", "hold", "grab", "incr", "inc", "reference"};
  static const Set down = {"unref", "put",  "decref", "release",    "drop",
                           "deref", "decr", "dec",    "unreference"};
  if (lock_effect(plain) != LockEffect::none) return CountEffect::none;
  static const Set streams = {"puts", "putc", "fputs", "putchar", "fputc"};
  if (is_in(plain, streams)) return CountEffect::none;
  const Words words = words_of(plain);
  if (any_of(words, down)) return CountEffect::down;
  if (any_of(words, up)) return CountEffect::up;
  static const Set counted = {"ref", "refs", "refcount", "obj", "object"};
  if (!words.empty() && words.back() == "get" && words.size() > 1) return CountEffect::up;
  if (any_of(words, {"get"}) && any_of(words, counted)) return CountEffect::up;
  return CountEffect::none;
}

bool tells_of_references(const std::string& member) {
  const Words words = words_of(member);
  return std::ranges::any_of(words, [](const std::string& word) {
    return word.starts_with("ref") || word.starts_with("use") || word.starts_with("hold") ||
           word.starts_with("own") || word.starts_with("pin") || word.starts_with("share") ||
           word.starts_with("link") || word.starts_with("count") || word == "rc" || word == "cnt" ||
           word == "nref" || word == "nrefs";
  });
}

bool is_allocator(const std::string& plain) {
  static const Set names = {"malloc",       "calloc",         "realloc", "reallocarray",
                            "memalign",     "aligned_alloc",  "valloc",  "posix_memalign",
                            "operator new", "operator new[]", "mmap"};
  if (is_in(plain, names)) return true;
  const Words words = words_of(plain);
  return any_of(words, {"alloc", "malloc", "calloc", "zalloc", "kmalloc", "xmalloc", "zmalloc", "xcalloc",
                        "zcalloc", "palloc", "pcalloc", "new", "create", "allocate", "realloc", "xrealloc"});
}

bool is_release(const std::string& plain) {
  if (plain.starts_with("operator delete")) return true;
  const Words words = words_of(plain);
  return any_of(words, {"free", "cfree", "zfree", "xfree", "dealloc", "deallocate", "destroy", "delete",
                        "sdsfree", "dispose", "kfree"});
}

bool decides_order(const std::string& plain) {
  static const Set whole = {
      "operator<", "operator>", "operator==", "operator<=", "operator>=", "operator<=>", "operator!="};
  if (is_in(plain, whole)) return true;
  return any_of(words_of(plain), {"hash",   "cmp",      "compare", "comparator", "less",        "equal",
                                  "equals", "eq",       "order",   "digest",     "crc",         "checksum",
                                  "fnv",    "djb",      "murmur",  "sortkey",    "keyof",       "collate",
                                  "hashfn", "hashfunc", "strhash", "inthash",    "fingerprint", "siphash"});
}

bool decides_place(const std::string& plain) {
  return any_of(
      words_of(plain),
      {"rank",    "bucket", "bucketof", "slot", "priority", "prio", "shard", "partition", "index",
       "idx",     "key",    "score",    "bin",  "mix",      "lt",   "gt",    "before",    "precedes",
       "greater", "level",  "position", "pos",  "cell",     "row",  "mask"});
}

bool is_search(const std::string& plain) {
  static const Set names = {"qsort",       "qsort_r",       "bsearch",     "tsearch",   "tfind",
                            "tdelete",     "lfind",         "lsearch",     "twalk",     "lower_bound",
                            "upper_bound", "binary_search", "equal_range", "push_heap", "pop_heap",
                            "hsearch",     "adjust_heap",   "make_heap",   "sort_heap"};
  return is_in(plain, names);
}

bool is_container(const std::string& symbol) {
  for (const char* part :
       {"_Rb_tree", "_Hashtable", "__adjust_heap", "__push_heap", "__tree", "__hash_table"})
    if (symbol.find(part) != std::string::npos) return true;
  return false;
}

bool is_destructor(const std::string& symbol) {
  const bool is_mangled =
      symbol.starts_with("_Z") &&
      std::ranges::any_of(std::initializer_list<const char*>{"D0Ev", "D1Ev", "D2Ev", "D4Ev"},
                          [&](const char* end) { return symbol.ends_with(end); });
  return is_mangled || symbol.starts_with('~');
}

bool compares_nothing(const std::string& symbol) {
  const bool is_mangled = symbol.starts_with("_Z");
  const bool is_reserved = !is_mangled && symbol.size() > 1 && symbol[0] == '_' && symbol[1] >= 'A' &&
                           symbol[1] <= 'Z' && symbol.find("::") == std::string::npos;
  return is_reserved ||
         (is_mangled &&
          std::ranges::any_of(std::initializer_list<const char*>{"C1E", "C2E", "C4E"},
                              [&](const char* part) { return symbol.find(part) != std::string::npos; }));
}

bool is_library_code(const std::string& symbol) {
  for (const char* start : {"_ZSt", "_ZNSt", "_ZNKSt", "_ZN9__gnu_cxx", "_ZNK9__gnu_cxx"})
    if (symbol.starts_with(start)) return true;
  return false;
}

bool starts_thread(const std::string& plain) {
  static const Set whole = {"pthread_create", "thrd_create", "clone", "clone3", "M_start_thread"};
  static const Set threads = {"thread", "thrd", "kthread", "threads"};
  static const Set starts = {"create", "new", "start", "spawn", "run", "launch"};
  const Words words = words_of(plain);
  return is_in(plain, whole) || (any_of(words, threads) && any_of(words, starts));
}

bool tells_time(const std::string& plain) {
  static const Set times = {"now",  "clock",    "time",     "ticks",   "tick",         "uptime", "monotonic",
                            "wall", "realtime", "boottime", "jiffies", "gettimeofday", "mono"};
  static const Set others = {"get",          "current",      "read",       "system", "steady", "coarse",
                             "since",        "boot",         "start",      "fast",   "raw",    "sys",
                             "real",         "unix",         "utc",        "epoch",  "cached", "s",
                             "ms",           "us",           "ns",         "sec",    "secs",   "msec",
                             "usec",         "nsec",         "seconds",    "millis", "micros", "nanos",
                             "milliseconds", "microseconds", "nanoseconds"};
  Words words = words_of(plain);
  if (!any_of(words, times)) return false;
  if (words.size() > 1 && !times.contains(words[0]) && !others.contains(words[0])) words.erase(words.begin());
  return any_of(words, times) && std::ranges::all_of(words, [&](const std::string& word) {
           return times.contains(word) || others.contains(word);
         });
}

bool runs_at_start(const std::string& plain) {
  static const Set starts = {"init",   "setup",     "initialize",  "initialise", "bootstrap", "startup",
                             "config", "configure", "compile",     "precompute", "populate",  "prepare",
                             "once",   "ctor",      "constructor", "build",      "load",      "start"};
  const Words words = words_of(plain);
  return any_of(words, starts) || plain == "main";
}

bool runs_for_ever(const std::string& plain) {
  const Words words = words_of(plain);
  return any_of(words, {"loop", "mainloop", "eventloop", "forever", "daemon"}) ||
         (any_of(words, {"run", "worker", "serve"}) && any_of(words, {"main", "server", "thread", "loop"}));
}

}  // namespace stent::review
