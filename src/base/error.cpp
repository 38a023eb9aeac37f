#include "base/error.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace stent {

Error::Error(ErrorCode code, std::string message, std::string hint)
    : code_(code), message_(std::move(message)), hint_(std::move(hint)) {}

std::string to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::internal: return "internal";
    case ErrorCode::usage: return "usage";
    case ErrorCode::bad_input: return "bad-input";
    case ErrorCode::gone: return "gone";
    case ErrorCode::not_permitted: return "not-permitted";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::mismatch: return "mismatch";
    case ErrorCode::busy: return "busy";
    case ErrorCode::already_applied: return "already-applied";
    case ErrorCode::not_applied: return "not-applied";
    case ErrorCode::refused: return "refused";
    case ErrorCode::build_failed: return "build-failed";
    case ErrorCode::traced: return "traced";
  }
  return "internal";
}

Error system_error(int error_number, const std::string& what, std::string hint) {
  ErrorCode code = ErrorCode::internal;
  if (error_number == ESRCH) code = ErrorCode::gone;
  if (error_number == EPERM || error_number == EACCES) code = ErrorCode::not_permitted;
  return {code, what + ": " + std::strerror(error_number), std::move(hint)};
}

}  // namespace stent
