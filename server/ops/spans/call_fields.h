#ifndef GATHER_SERVER_OPS_SPANS_CALL_FIELDS_H_
#define GATHER_SERVER_OPS_SPANS_CALL_FIELDS_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "server/rpc/span.h"

namespace gather::ops {

// What a call's kind, method, peer and code are in its span, as fields on the
// wire: its name, its kind, and attributes by OpenTelemetry's semantic
// conventions 1.37 (https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans).
// Calls of one method to one peer mostly have the same: some are kept.
//
// Thread: one.
class CallFields {
 public:
  // Valid until the next. `span` has a method.
  std::string_view Of(const rpc::Span& span);

 private:
  struct Kept {
    rpc::Span::Kind kind{};
    std::string method;
    std::string peer;
    int code = 0;
    std::string fields;
  };
  // Those whose hashes are the same here. A request has a few calls, which must
  // not take each other's place each time.
  struct Set {
    std::array<Kept, 4> kept;
    std::size_t next = 0;  // to be replaced
  };

  static bool IsOf(const Kept& kept, const rpc::Span& span);

  std::array<Set, 16> sets_;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_SPANS_CALL_FIELDS_H_
