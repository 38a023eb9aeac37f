#include "create/emit/check_hook.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.hpp"

namespace stent::emit {
namespace {

/// POSIX and glibc; what `assert` and the macros of setjmp.h lead to included.
bool never_returns(std::string_view name) {
  constexpr std::array<std::string_view, 25> names{"exit",
                                                   "_exit",
                                                   "_Exit",
                                                   "quick_exit",
                                                   "abort",
                                                   "__assert_fail",
                                                   "__assert_perror_fail",
                                                   "__assert",
                                                   "pthread_exit",
                                                   "thrd_exit",
                                                   "longjmp",
                                                   "_longjmp",
                                                   "siglongjmp",
                                                   "__longjmp_chk",
                                                   "setcontext",
                                                   "execl",
                                                   "execle",
                                                   "execlp",
                                                   "execv",
                                                   "execve",
                                                   "execveat",
                                                   "execvp",
                                                   "execvpe",
                                                   "fexecve",
                                                   "_ZSt9terminatev"};
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

void check_hook(const model::Object& object, const model::Symbol& hook) {
  const auto refuse = [&](model::AtomId id) {
    for (const model::Reference& reference : object.atoms[id.value].references) {
      if (!reference.symbol) continue;
      const model::Symbol& named = object.symbols[reference.symbol->value];
      if (named.definition || !never_returns(named.name)) continue;
      throw Error(ErrorCode::refused,
                  fmt::format("the hook {} calls {}, which would end the process that it runs in, or the "
                              "thread that it borrows",
                              hook.name, named.name),
                  "return non-zero: stent then gives the change up, or reports it");
    }
  };
  for (const model::Function& function : object.functions) {
    if (function.entry != hook.definition->atom) continue;
    refuse(function.entry);
    for (const model::AtomId fragment : function.fragments) refuse(fragment);
  }
}

}  // namespace stent::emit
