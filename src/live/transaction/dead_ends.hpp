// What stands in data and only looks like a suspended stack, found before a stop.
#pragma once

#include <vector>

#include "live/process/process.hpp"
#include "live/unwind/forbidden_code.hpp"

namespace stent::transaction {

/// Sets `end_is_never_suspended` of the pieces of `modules` of `target` whose last instruction calls, by the
/// linker's name for it, what aborts (__stack_chk_fail) or throws on (_Unwind_Resume, __cxa_throw,
/// __cxa_rethrow): no stack is switched away from in there, and a throw leaves the function before other code
/// of the program runs.
void mark_dead_ends(std::vector<unwind::CodePiece>& pieces, const process::Process& target,
                    const std::vector<process::Module>& modules);

/// The linker's tables of pointers that stay writable, of every one of `modules`.
[[nodiscard]] std::vector<RemoteRange> linker_tables(const process::Process& target,
                                                     const std::vector<process::Module>& modules);

}  // namespace stent::transaction
