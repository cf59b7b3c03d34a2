#include "server/rpc/trace.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace gather::rpc {
namespace {

constexpr char kTraceId[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kParent[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceTest, TakesTheCallersTraceWithASpanOfItsOwn) {
  TraceIds ids(1);
  const TraceContext trace = TraceContext::Receive(kParent, "vendor=1", ids);
  EXPECT_EQ(trace.trace_id(), kTraceId);
  EXPECT_NE(trace.span_id(), "b7ad6b7169203331");
  EXPECT_EQ(trace.trace_state(), "vendor=1");
  EXPECT_EQ(trace.trace_parent(), "00-" + std::string(kTraceId) + "-" +
                                      std::string(trace.span_id()) + "-01");
}

TEST(TraceTest, ChildStaysInTheTrace) {
  TraceIds ids(1);
  const TraceContext trace = TraceContext::Receive(kParent, "vendor=1", ids);
  const SpanId span = ids.NextSpan();
  std::string child;
  trace.WriteChildTraceParent(span, child);
  EXPECT_EQ(child.size(), trace.trace_parent().size());
  EXPECT_EQ(child.substr(0, 36), trace.trace_parent().substr(0, 36));
  EXPECT_EQ(child.substr(36, 16), HexOf(span));
  EXPECT_EQ(child.substr(52), "-01");
}

TEST(TraceTest, MalformedHeaderIsReplacedAndItsStateDropped) {
  TraceIds ids(1);
  const std::string good = kParent;
  for (const std::string& bad :
       {std::string(), std::string("00"), good.substr(1), good + "0",
        good + "-more", "ff" + good.substr(2), "0g" + good.substr(2),
        "00-00000000000000000000000000000000-b7ad6b7169203331-01" +
            std::string(),
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01" +
            std::string(),
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01" +
            std::string(),
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" +
            std::string(),
        std::string(10000, '0')}) {
    const TraceContext trace = TraceContext::Receive(bad, "vendor=1", ids);
    EXPECT_NE(trace.trace_id(), kTraceId) << bad;
    EXPECT_NE(trace.trace_id(), std::string(32, '0')) << bad;
    EXPECT_EQ(trace.trace_id().size(), 32U);
    EXPECT_EQ(trace.span_id().size(), 16U);
    EXPECT_EQ(trace.trace_state(), "");
  }
}

TEST(TraceTest, LaterVersionMayHaveMoreFields) {
  TraceIds ids(1);
  const std::string later = "01" + std::string(kParent).substr(2) + "-more";
  EXPECT_EQ(TraceContext::Receive(later, "", ids).trace_id(), kTraceId);
  EXPECT_EQ(TraceContext::Receive(later, "", ids).trace_parent().substr(0, 3),
            "00-");
}

TEST(TraceTest, StateThatIsTooLongOrNotPrintableIsDropped) {
  TraceIds ids(1);
  EXPECT_EQ(
      TraceContext::Receive(kParent, std::string(513, 'a'), ids).trace_state(),
      "");
  EXPECT_EQ(TraceContext::Receive(kParent, "a\nb", ids).trace_state(), "");
}

TEST(TraceTest, KnowsTheCallersSpanAndItsOwn) {
  TraceIds ids(1);
  const TraceContext trace = TraceContext::Receive(kParent, "", ids);
  EXPECT_TRUE(trace.received());
  EXPECT_EQ(HexOf(trace.parent()), "b7ad6b7169203331");
  EXPECT_EQ(HexOf(trace.span()), trace.span_id());
  const TraceContext first(ids);
  EXPECT_FALSE(first.received());
  EXPECT_EQ(first.parent(), 0U);
  EXPECT_EQ(HexOf(first.span()), first.span_id());
}

TEST(TraceTest, SampledIsOneBitOfTheFlags) {
  TraceIds ids(1);
  TraceContext trace = TraceContext::Receive(kParent, "", ids);
  EXPECT_TRUE(trace.sampled());
  trace.set_sampled(false);
  EXPECT_FALSE(trace.sampled());
  EXPECT_EQ(trace.trace_parent().substr(52), "-00");
  EXPECT_FALSE(TraceContext(ids).sampled());

  const std::string random = std::string(kParent).substr(0, 53) + "02";
  trace = TraceContext::Receive(random, "", ids);
  EXPECT_FALSE(trace.sampled());
  trace.set_sampled(true);
  EXPECT_EQ(trace.trace_parent().substr(52), "-03") << "the others stay";
}

TEST(TraceTest, BinaryIdIsThatOfTheDigits) {
  TraceIds ids(1);
  const TraceId id = TraceContext::Receive(kParent, "", ids).binary_trace_id();
  EXPECT_EQ(id[0], 0x0a);
  EXPECT_EQ(id[1], 0xf7);
  EXPECT_EQ(id[15], 0x9c);
}

TEST(TraceTest, IdsDiffer) {
  TraceIds ids(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string id(16, '-');
    ids.Write(id.data(), id.size());
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

}  // namespace
}  // namespace gather::rpc
