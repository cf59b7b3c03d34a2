#include "server/aggregator/relay.h"

#include <utility>

#include "google/protobuf/unknown_field_set.h"

namespace gather::aggregator {

using google::protobuf::Descriptor;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

namespace {

bool IsRelayed(const UnknownField& field, const Descriptor& whole) {
  // Proto3 has no groups.
  return field.type() != UnknownField::TYPE_GROUP &&
         whole.FindFieldByNumber(field.number()) != nullptr &&
         ListReply::descriptor()->FindFieldByNumber(field.number()) == nullptr;
}

}  // namespace

void Relay(ListReply&& reply, const Descriptor& whole,
           google::protobuf::Message* section) {
  UnknownFieldSet& fields =
      *reply.GetReflection()->MutableUnknownFields(&reply);
  int kept = 0;
  for (int i = 0; i < fields.field_count(); ++i) {
    if (!IsRelayed(fields.field(i), whole)) continue;
    if (kept != i)
      std::swap(*fields.mutable_field(kept), *fields.mutable_field(i));
    ++kept;
  }
  // All at once: one by one would take a hostile backend's time squared.
  fields.DeleteSubrange(kept, fields.field_count() - kept);
  section->GetReflection()->MutableUnknownFields(section)->Swap(&fields);
}

}  // namespace gather::aggregator
