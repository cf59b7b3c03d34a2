#include "client/row.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/answer.h"
#include "client/format.h"
#include "client/summary.h"
#include "client/text.h"
#include "client/unknown_section.h"
#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace gather::client {
namespace {

using fanout::v1::SectionStatus;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A backend may send a name of a megabyte; a terminal is no place for it.
constexpr int kMaxSummaryColumns = 400;

Outcome OutcomeOf(const SectionStatus& status) {
  switch (status.state()) {
    case fanout::v1::SECTION_STATE_OK:
      return Outcome::kOk;
    case fanout::v1::SECTION_STATE_FAILED:
      return Outcome::kFailed;
    case fanout::v1::SECTION_STATE_STALE:
      return Outcome::kStale;
    case fanout::v1::SECTION_STATE_NOT_REQUESTED:
      return Outcome::kNotRequested;
    default:
      return Outcome::kUnknown;
  }
}

// "4 orders [12.0 s old: BACKEND_UNAVAILABLE]"
std::string SummarizeStale(const SectionStatus& status,
                           const Message* section) {
  return absl::StrCat(section == nullptr ? "stale" : Summarize(*section), " [",
                      FormatTime(FromProto(status.age())),
                      " old: ", status.reason(), "]");
}

// `section` is null where the payload can't be read.
std::string SummaryOf(const SectionStatus& status, Outcome outcome,
                      const Message* section) {
  if (outcome == Outcome::kNotRequested) {
    return status.attempts() == 0 ? "not requested"
                                  : "not requested, but needed";
  }
  std::string text;
  if (outcome == Outcome::kOk) {
    text = section == nullptr ? "ok" : Summarize(*section);
  } else if (outcome == Outcome::kStale) {
    text = SummarizeStale(status, section);
  } else if (outcome == Outcome::kFailed) {
    text = SummarizeFailure(status);
  } else {
    text = absl::StrCat("in a state that gatherctl does not know (",
                        static_cast<int>(status.state()), ")");
  }
  text = ShortenEscaped(text, kMaxSummaryColumns);
  if (status.attempts() > 1) {
    absl::StrAppend(&text, " (", status.attempts(), " attempts)");
  }
  if (status.coalesced()) text += " (another request's call)";
  return text;
}

std::string KindOf(const fanout::v1::Attempt& attempt) {
  switch (attempt.kind()) {
    case fanout::v1::ATTEMPT_KIND_FIRST:
      return "first";
    case fanout::v1::ATTEMPT_KIND_RETRY:
      return "retry";
    case fanout::v1::ATTEMPT_KIND_HEDGE:
      return "hedge";
    default:
      return "call";
  }
}

std::string CodeOf(int code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

AttemptRow MakeAttemptRow(const fanout::v1::Attempt& attempt) {
  const std::string end = attempt.won() ? "won" : CodeOf(attempt.code());
  return {.kind = KindOf(attempt),
          .start = FromProto(attempt.start_offset()),
          .duration = FromProto(attempt.duration()),
          .summary = ShortenEscaped(absl::StrCat(end, ", ", attempt.address()),
                                    kMaxSummaryColumns)};
}

Row MakeRow(std::string name, const SectionStatus& status,
            const Message* section) {
  Row row;
  row.name = std::move(name);
  row.outcome = OutcomeOf(status);
  row.start = FromProto(status.start_offset());
  row.duration = FromProto(status.duration());
  row.called = status.attempts() > 0;
  row.summary = SummaryOf(status, row.outcome, section);
  if (status.attempts_log_size() > 1) {
    for (const fanout::v1::Attempt& attempt : status.attempts_log()) {
      row.attempts.push_back(MakeAttemptRow(attempt));
    }
  }
  return row;
}

}  // namespace

Row AbsentRow(const std::string& name, const std::string& summary) {
  Row row;
  row.name = name;
  row.summary = summary;
  return row;
}

Row NotRequestedRow(const std::string& name) {
  SectionStatus status;
  status.set_state(fanout::v1::SECTION_STATE_NOT_REQUESTED);
  return MakeRow(name, status, nullptr);
}

namespace {

// `on_absent` is called with the name of each section that is not there.
template <typename OnAbsent>
std::vector<Row> RowsOf(const Message& response, OnAbsent on_absent) {
  const auto& reflection = *response.GetReflection();
  std::vector<Row> rows;
  for (const FieldDescriptor* field :
       SectionFields(*response.GetDescriptor())) {
    const std::string name(field->name());
    if (reflection.HasField(response, field)) {
      const Message& section = reflection.GetMessage(response, field);
      rows.push_back(MakeRow(name, StatusOf(section), &section));
    } else {
      on_absent(rows, name);
    }
  }
  for (const UnknownSection& section : FindUnknownSections(response)) {
    rows.push_back(MakeRow(section.name, section.status, nullptr));
  }
  return rows;
}

}  // namespace

std::vector<Row> MakeRows(const Message& response) {
  return RowsOf(response, [](std::vector<Row>& rows, const std::string& name) {
    rows.push_back(NotRequestedRow(name));
  });
}

std::vector<Row> MakeRowsOfPresent(const Message& response) {
  return RowsOf(response, [](std::vector<Row>&, const std::string&) {});
}

}  // namespace gather::client
