// Choosing the thread that works for stent for a moment.
#pragma once

#include <chrono>

#include "live/inject/arch_x86_64_call.hpp"
#include "live/stop/session.hpp"

namespace stent::inject {

/// Borrows the thread that minds least: first one that sleeps in a system call the kernel restarts by itself,
/// then one whose call stent makes it restart, then any that is in no restartable sequence (rseq). Always one
/// on its own stack (by `mappings`, just read) with room for a return frame, in no call of another stent's,
/// and one that `accept` agrees to. Throws `busy` when there is none within `patience`.
[[nodiscard]] stop::StoppedTracee choose_thread(stop::Session& session, const BorrowedCode& code,
                                                const std::vector<process::Mapping>& mappings,
                                                std::chrono::nanoseconds patience,
                                                const stop::Session::Accept& accept = {});

}  // namespace stent::inject
