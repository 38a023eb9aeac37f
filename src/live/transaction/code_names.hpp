// CodeNames: names for addresses in a target's code, for error messages.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "binary/model/image.hpp"
#include "live/process/process.hpp"
#include "live/transaction/inventory.hpp"

namespace stent::transaction {

class CodeNames {
 public:
  CodeNames(const process::Process& target, const std::vector<FoundRecord>& records);

  /// "function+0x12 (module)", "module+0x1234" or the bare address. A return address is named by its call.
  [[nodiscard]] std::string describe(RemoteAddress at, bool is_return) const;

 private:
  [[nodiscard]] std::string in_patch(RemoteAddress at) const;
  [[nodiscard]] std::string in_module(const process::Module& module, RemoteAddress at) const;

  const process::Process* target_;
  std::vector<FoundRecord> records_;
  std::vector<process::Module> modules_;
  mutable std::map<std::string, std::unique_ptr<model::Image>> images_;  ///< null: not readable
};

}  // namespace stent::transaction
