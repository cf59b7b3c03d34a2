#include "server/aggregator/relay.h"

#include <utility>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/unknown_field_set.h"

namespace gather::aggregator {

using google::protobuf::Descriptor;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

void Relay(ListReply&& reply, int status, google::protobuf::Message* section) {
  UnknownFieldSet& from = *reply.GetReflection()->MutableUnknownFields(&reply);
  UnknownFieldSet& to =
      *section->GetReflection()->MutableUnknownFields(section);
  const Descriptor& known = *section->GetDescriptor();
  for (int i = 0; i < from.field_count(); ++i) {
    UnknownField& field = *from.mutable_field(i);
    const int number = field.number();
    if (number == status || known.FindFieldByNumber(number) == nullptr)
      continue;
    if (field.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
      *to.AddLengthDelimited(number) =
          std::move(*field.mutable_length_delimited());
    } else {
      to.AddField(field);
    }
  }
}

}  // namespace gather::aggregator
