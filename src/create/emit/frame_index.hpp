// The call frame descriptions of a linked image, found by the code they describe.
#pragma once

#include <map>

#include "create/emit/trial.hpp"

namespace stent::emit {

/// Where one description and its common part stand.
struct LinkedFrame {
  RemoteRange cie, fde;  ///< whole entries, length field included
};

/// By the start of the code (pc_begin, which must be pc-relative in 4 bytes or absolute as the CIE says).
/// Throws `internal` when the section is damaged or two descriptions claim the same code.
[[nodiscard]] std::map<RemoteAddress, LinkedFrame> index_frames(const patch::Image& image,
                                                                const Trial& trial);

}  // namespace stent::emit
