#include "server/backends/fake.h"

#include <google/protobuf/util/json_util.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <random>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "server/json/json_file.h"
#include "server/rpc/status.h"

namespace gather::backends {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::Reflection;

constexpr char kOfRequest[] = "$request.";

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// A field of the request as text; INVALID_ARGUMENT where it has none of that
// name that is a single value.
absl::StatusOr<std::string> TextOf(const Message& request,
                                   const std::string& name) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return absl::InvalidArgumentError(
        absl::StrCat(request.GetTypeName(), " has no single value ", name));
  }
  const Reflection& reflection = *request.GetReflection();
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return reflection.GetString(request, field);
  }
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(request, field, -1,
                                                        &text);
  return text;
}

absl::Status FillFrom(const Message& request, Message* reply);

absl::Status FillText(const Message& request, const FieldDescriptor& field,
                      Message* reply) {
  const Reflection& reflection = *reply->GetReflection();
  const std::string text = reflection.GetString(*reply, &field);
  if (!absl::StartsWith(text, kOfRequest)) return absl::OkStatus();
  absl::StatusOr<std::string> value =
      TextOf(request, text.substr(sizeof(kOfRequest) - 1));
  if (!value.ok()) return value.status();
  reflection.SetString(reply, &field, *std::move(value));
  return absl::OkStatus();
}

absl::Status FillMessages(const Message& request, const FieldDescriptor& field,
                          Message* reply) {
  const Reflection& reflection = *reply->GetReflection();
  if (!field.is_repeated()) {
    return FillFrom(request, reflection.MutableMessage(reply, &field));
  }
  absl::Status filled;
  for (int i = 0; i < reflection.FieldSize(*reply, &field); ++i) {
    filled.Update(
        FillFrom(request, reflection.MutableRepeatedMessage(reply, &field, i)));
  }
  return filled;
}

absl::Status FillFrom(const Message& request, Message* reply) {
  std::vector<const FieldDescriptor*> fields;
  reply->GetReflection()->ListFields(*reply, &fields);
  absl::Status filled;
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      filled.Update(FillMessages(request, *field, reply));
    } else if (field->type() == FieldDescriptor::TYPE_STRING &&
               !field->is_repeated()) {
      filled.Update(FillText(request, *field, reply));
    }
  }
  return filled;
}

}  // namespace

FakeMethod::FakeMethod(const std::string& name, const MethodDescriptor& method,
                       const Faults& faults, int event_loops)
    : name_(name),
      request_(factory_.GetPrototype(method.input_type())),
      reply_(factory_.GetPrototype(method.output_type())->New()) {
  std::random_device seed;
  for (int i = 0; i < event_loops; ++i) faults_.emplace_back(faults, seed());
}

FakeMethod::~FakeMethod() { reply_.reset(); }  // before its factory

absl::StatusOr<std::unique_ptr<FakeMethod>> FakeMethod::Make(
    const DescriptorPool& protos, const std::string& method,
    const std::string& reply, const Faults& faults, int event_loops) {
  std::string name = method;
  std::replace(name.begin(), name.end(), '/', '.');
  const MethodDescriptor* found = protos.FindMethodByName(name);
  if (found == nullptr || found->client_streaming() ||
      found->server_streaming()) {
    return absl::InvalidArgumentError(
        absl::StrCat(method, ": there is no such unary method"));
  }
  std::unique_ptr<FakeMethod> fake(
      new FakeMethod(method, *found, faults, event_loops));
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(reply, fake->reply_.get());
  if (!parsed.ok()) {
    const json::JsonError error = json::ErrorOf(parsed, reply);
    return absl::InvalidArgumentError(
        absl::StrCat(method, ": ", error.place, error.words));
  }
  const std::unique_ptr<Message> probe(fake->reply_->New());
  probe->CopyFrom(*fake->reply_);
  absl::Status filled = FillFrom(*fake->request_, probe.get());
  if (!filled.ok()) return filled;
  return fake;
}

void FakeMethod::AddTo(rpc::Server& server) {
  server.AddUnary<grpc::ByteBuffer, grpc::ByteBuffer>(
      name_.c_str(), std::bind_front(&FakeMethod::Answer, this));
}

absl::StatusOr<std::string> FakeMethod::ReplyTo(
    const std::string& request) const {
  const std::unique_ptr<Message> asked(request_->New());
  if (!asked->ParseFromString(request)) {
    return absl::InvalidArgumentError("the request can't be parsed");
  }
  const std::unique_ptr<Message> reply(reply_->New());
  reply->CopyFrom(*reply_);
  absl::Status filled = FillFrom(*asked, reply.get());
  if (!filled.ok()) return filled;
  return reply->SerializeAsString();
}

async::Task<grpc::Status> FakeMethod::Answer(rpc::ServerCall& call,
                                             const grpc::ByteBuffer& request,
                                             grpc::ByteBuffer* response) {
  const absl::Status fault = co_await faults_[call.loop_index()].Apply(call);
  if (!fault.ok()) co_return rpc::ToGrpc(fault);
  const absl::StatusOr<std::string> reply = ReplyTo(BytesOf(request));
  if (!reply.ok()) co_return rpc::ToGrpc(reply.status());
  const grpc::Slice slice(*reply);
  *response = grpc::ByteBuffer(&slice, 1);
  co_return grpc::Status::OK;
}

absl::StatusOr<std::unique_ptr<DescriptorPool>> ReadProtos(
    const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  FileDescriptorSet set;
  if (!file || !set.ParseFromIstream(&file) || set.file().empty()) {
    return absl::InvalidArgumentError(
        path + " is not what protoc --descriptor_set_out writes");
  }
  auto pool = std::make_unique<DescriptorPool>();
  for (const FileDescriptorProto& proto : set.file()) {
    if (pool->BuildFile(proto) != nullptr) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", proto.name(),
                     " lacks what it imports; --include_imports?"));
  }
  return pool;
}

absl::StatusOr<std::unique_ptr<FakeService>> FakeService::Load(
    const std::string& protos, const std::vector<std::string>& replies,
    const Faults& faults, int event_loops) {
  const auto wrong = [](const char* flag, const std::string& why) {
    return absl::InvalidArgumentError(absl::StrCat(flag, ": ", why));
  };
  if (protos.empty()) return wrong("--protos", "is needed by a fake");
  if (replies.empty()) return wrong("--replies", "is needed by a fake");
  std::unique_ptr<FakeService> service(new FakeService());
  auto pool = ReadProtos(protos);
  if (!pool.ok())
    return wrong("--protos", std::string(pool.status().message()));
  service->protos_ = *std::move(pool);
  for (const std::string& reply : replies) {
    const std::size_t equals = reply.find('=');
    if (equals == std::string::npos) {
      return wrong("--replies", reply + " is not METHOD=FILE");
    }
    const std::string path = reply.substr(equals + 1);
    const absl::StatusOr<std::string> json = json::ReadFile(path);
    if (!json.ok()) {
      return wrong("--replies", std::string(json.status().message()));
    }
    auto method = FakeMethod::Make(*service->protos_, reply.substr(0, equals),
                                   *json, faults, event_loops);
    if (!method.ok()) {
      return wrong("--replies",
                   absl::StrCat(path, ": ", method.status().message()));
    }
    service->methods_.push_back(*std::move(method));
  }
  return service;
}

void FakeService::AddTo(rpc::Server& server) {
  for (const auto& method : methods_) method->AddTo(server);
}

}  // namespace gather::backends
