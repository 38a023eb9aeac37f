// Running work in a process of its own that nothing but SIGKILL ends before it is done.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace stent::publish {

/// Runs `work` in a thread of a child with a session of its own, that ignores what a terminal or a service
/// manager sends to end stent, and that the kernel does not choose when memory runs out (where it may say
/// so). Returns what `work` returned once the child has ended; empty when the child was killed. Throws the
/// Error that `work` threw. The calling thread waits with those signals blocked.
[[nodiscard]] std::optional<std::string> run_guarded(const std::function<std::string()>& work);

}  // namespace stent::publish
