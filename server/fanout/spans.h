#ifndef GATHER_SERVER_FANOUT_SPANS_H_
#define GATHER_SERVER_FANOUT_SPANS_H_

#include "server/fanout/catalog.h"
#include "server/fanout/landing.h"
#include "server/fanout/reason.h"
#include "server/rpc/call_trace.h"
#include "server/rpc/rpc_spans.h"

// What a fan-out records of itself, where its call's trace is recorded:
//
//   GetOverview                        the server's, of the request
//     orders                           a section, from its start to its end
//       OrderService/ListOrders        an attempt; the parent of the backend's
//       OrderService/ListOrders        another
//
// Thread: the loop's.
namespace gather::fanout {

// A section that landed, whatever came of it: INTERNAL. `parent` is the
// request's span.
void RecordSection(const rpc::CallTrace& trace, rpc::SpanId parent,
                   const SectionInfo& section, const ReasonWords& words,
                   const Landing& landing);

// A call of its backend that ended: CLIENT, and a child of the section's span.
void RecordAttempt(const rpc::CallTrace& trace, AttemptKind kind,
                   rpc::CalledSpan attempt);

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_SPANS_H_
