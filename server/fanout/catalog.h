#ifndef GATHER_SERVER_FANOUT_CATALOG_H_
#define GATHER_SERVER_FANOUT_CATALOG_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/fanout/reason.h"
#include "server/fanout/relay.h"
#include "server/fanout/section.h"
#include "server/fanout/stages.h"

namespace gather::fanout {

// What is known at run time of one section.
struct SectionInfo {
  std::string name;       // its field in the answer, its path in a mask
  std::string error_key;  // "orders_error": its failure's key in the log
  std::string method;     // the backend's: "package.Service/Method"
  Backend backend;
  bool only_on_request = false;
  // The place of the section that it comes after.
  std::optional<std::size_t> after = std::nullopt;
};

// The list of sections at run time: names for masks, metrics and logs.
//
// Thread: any, once made. Lifetime: outlives the requests that are planned by
// it, and what is logged of them.
struct Catalog {
  std::vector<SectionInfo> sections;  // in the order of the list
  ReasonWords words;
  std::string domain;  // of errors' reasons: the answer's proto package

  // The place of the section of that name.
  std::optional<std::size_t> Find(std::string_view name) const {
    for (std::size_t i = 0; i < sections.size(); ++i) {
      if (sections[i].name == name) return i;
    }
    return std::nullopt;
  }
};

// Checks of what only descriptors can tell. FAILED_PRECONDITION, one line.
//
// The name of the one field that is set in `answer`.
absl::StatusOr<std::string> NameOfOnlyField(
    const google::protobuf::Message& answer);
// A method that is called exists, and takes and gives these messages.
absl::Status CheckMethod(const std::string& method,
                         const google::protobuf::Descriptor& request,
                         const google::protobuf::Descriptor& reply);
// Every field of the answer with a SectionStatus is a section in the list, and
// no two sections are the same field.
absl::Status CheckAllFilled(const google::protobuf::Descriptor& answer,
                            const std::vector<SectionInfo>& sections);

namespace detail {

template <typename S, typename Sections>
constexpr std::optional<std::size_t> PlaceOfAfter() {
  if constexpr (ComesAfterAnother<S>) {
    return Sections::template IndexOf<typename S::After>();
  } else {
    return std::nullopt;
  }
}

template <typename S, typename Product>
absl::StatusOr<SectionInfo> Describe() {
  using Message = typename ReplyTypes<typename S::Reply>::Message;
  typename Product::Response response;
  auto* section = S::In(response);
  const absl::StatusOr<std::string> name = NameOfOnlyField(response);
  if (!name.ok()) return name.status();
  typename Product::Part part;
  S::In(part);
  const absl::StatusOr<std::string> part_name = NameOfOnlyField(part);
  if (!part_name.ok()) return part_name.status();
  if (*part_name != *name) {
    return absl::FailedPreconditionError("section " + *name + " is called " +
                                         *part_name + " in a stream");
  }
  absl::Status checked = CheckMethod(S::kMethod, *S::Request::descriptor(),
                                     *Message::descriptor());
  if (checked.ok() && IsRelayed<typename S::Reply>) {
    checked = CheckRelay(*Message::descriptor(), *section->GetDescriptor());
  }
  if (!checked.ok()) return checked;
  return SectionInfo{.name = *name,
                     .error_key = *name + "_error",
                     .method = S::kMethod,
                     .backend = S::kBackend,
                     .only_on_request = OnlyOnRequest<S>(),
                     .after = PlaceOfAfter<S, typename Product::Sections>()};
}

}  // namespace detail

// The catalog of a product; FAILED_PRECONDITION, in one line for its author,
// where its declarations don't fit the protos.
template <typename Product>
absl::StatusOr<Catalog> MakeCatalog() {
  static_assert(HasNoCircle(typename Product::Sections()),
                "sections wait for each other: see stages.h");
  absl::Status failure;
  std::vector<SectionInfo> sections;
  Product::Sections::ForEach([&]<typename S>() {
    static_assert(
        SectionOf<S, typename Product::Request, typename Product::Response>,
        "a section lacks something: see section.h");
    static_assert(
        SectionOf<S, typename Product::Request, typename Product::Part>,
        "a section is missing from the stream: see section.h");
    absl::StatusOr<SectionInfo> section = detail::Describe<S, Product>();
    failure.Update(section.status());
    if (section.ok()) sections.push_back(*std::move(section));
  });
  const google::protobuf::Descriptor& answer = *Product::Response::descriptor();
  if (failure.ok()) failure = CheckAllFilled(answer, sections);
  if (!failure.ok()) return failure;
  return Catalog{.sections = std::move(sections),
                 .words = ReasonWords(Product::kSubject),
                 .domain = std::string(answer.file()->package())};
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_CATALOG_H_
