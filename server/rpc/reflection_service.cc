#include "server/rpc/reflection_service.h"

#include <functional>
#include <optional>

#include "absl/status/statusor.h"

namespace gather::rpc {
namespace {

namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;

class CancelCall {
 public:
  explicit CancelCall(ServerCall* call) : call_(call) {}
  void operator()() const { call_->context().TryCancel(); }

 private:
  ServerCall* call_;
};

template <typename Response>
void SetError(const absl::Status& status, Response* response) {
  auto* error = response->mutable_error_response();
  error->set_error_code(static_cast<int>(status.code()));
  error->set_error_message(std::string(status.message()));
}

template <typename Response>
void SetFiles(const absl::StatusOr<Reflection::Files>& files,
              Response* response) {
  if (!files.ok()) return SetError(files.status(), response);
  auto* found = response->mutable_file_descriptor_response();
  for (const std::string& file : *files) found->add_file_descriptor_proto(file);
}

template <typename Response>
void SetExtensions(const std::string& message, Response* response) {
  const auto numbers = Reflection::ExtensionsOf(message);
  if (!numbers.ok()) return SetError(numbers.status(), response);
  auto* found = response->mutable_all_extension_numbers_response();
  found->set_base_type_name(message);
  found->mutable_extension_number()->Add(numbers->begin(), numbers->end());
}

template <typename Request, typename Response>
void Answer(const Reflection& reflection, const Request& request,
            Response* response) {
  response->set_valid_host(request.host());
  *response->mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      return SetFiles(Reflection::FileByName(request.file_by_filename()),
                      response);
    case Request::kFileContainingSymbol:
      return SetFiles(
          Reflection::FileOfSymbol(request.file_containing_symbol()), response);
    case Request::kFileContainingExtension:
      return SetFiles(
          Reflection::FileOfExtension(
              request.file_containing_extension().containing_type(),
              request.file_containing_extension().extension_number()),
          response);
    case Request::kAllExtensionNumbersOfType:
      return SetExtensions(request.all_extension_numbers_of_type(), response);
    case Request::kListServices: {
      auto* list = response->mutable_list_services_response();
      for (const std::string& name : reflection.services()) {
        list->add_service()->set_name(name);
      }
      return;
    }
    default:
      return SetError(absl::InvalidArgumentError("asks nothing"), response);
  }
}

}  // namespace

ReflectionService::ReflectionService() {
  AddService(v1::ServerReflection::service_full_name());
  AddService(v1alpha::ServerReflection::service_full_name());
}

std::vector<std::unique_ptr<Method>> ReflectionService::AddTo(
    grpc::ServerBuilder& builder) {
  builder.RegisterService(&v1_);
  builder.RegisterService(&v1alpha_);
  std::vector<std::unique_ptr<Method>> methods;
  methods.push_back(
      std::make_unique<BidiMethod<v1::ServerReflection::AsyncService,
                                  v1::ServerReflectionRequest,
                                  v1::ServerReflectionResponse>>(
          "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
          std::nullopt, v1_,
          &v1::ServerReflection::AsyncService::RequestServerReflectionInfo,
          std::bind_front(
              &ReflectionService::Serve<v1::ServerReflectionRequest,
                                        v1::ServerReflectionResponse>,
              this)));
  methods.push_back(
      std::make_unique<BidiMethod<v1alpha::ServerReflection::AsyncService,
                                  v1alpha::ServerReflectionRequest,
                                  v1alpha::ServerReflectionResponse>>(
          "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
          std::nullopt, v1alpha_,
          &v1alpha::ServerReflection::AsyncService::RequestServerReflectionInfo,
          std::bind_front(
              &ReflectionService::Serve<v1alpha::ServerReflectionRequest,
                                        v1alpha::ServerReflectionResponse>,
              this)));
  return methods;
}

template <typename Request, typename Response>
async::Task<grpc::Status> ReflectionService::Serve(
    ServerCall& call, MessageStream<Request, Response>& stream) {
  const Admission::Ticket place = streams_.Enter();
  if (!place) {
    co_return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                           "too many streams of reflection already");
  }
  // A read waits for the caller alone.
  const std::stop_callback<CancelCall> on_end(end_.get_token(),
                                              CancelCall(&call));
  while (true) {
    Request request;
    const bool asked = co_await stream.Read(&request);
    if (!asked) break;
    Response response;
    Answer(reflection_, request, &response);
    const bool written = co_await stream.Write(response);
    if (!written) break;
  }
  co_return grpc::Status::OK;
}

}  // namespace gather::rpc
