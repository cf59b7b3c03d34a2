// Loads a server, and prints what came of it as one line of JSON.

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/aggregator/overview.h"
#include "server/async/clock.h"
#include "server/fanout/catalog.h"
#include "server/ops/process.h"
#include "tests/bench/load/address.h"
#include "tests/bench/load/load.h"
#include "tests/bench/load/process_clock.h"
#include "tests/bench/load/question.h"

ABSL_FLAG(std::string, target, "", "the server's address");
ABSL_FLAG(std::string, user_id, "", "whom to ask for");
ABSL_FLAG(
    std::string, service, "overview",
    "what to ask: overview; without_products, where those may fail; or of "
    "a backend, a section by its name that needs no other");
ABSL_FLAG(std::vector<std::string>, sections, {},
          "of an overview: only these; empty means the default");
ABSL_FLAG(int, in_flight, 1, "calls at a time");
ABSL_FLAG(int, connections, 1, "over so many connections");
ABSL_FLAG(double, rate, 0, "instead: calls a second");
ABSL_FLAG(absl::Duration, tick, absl::ZeroDuration(),
          "with --rate: calls come together, so far apart; 0: one by one");
ABSL_FLAG(int64_t, calls, 0, "calls in all; 0: by time");
ABSL_FLAG(absl::Duration, warm_up, absl::ZeroDuration(), "before it counts");
ABSL_FLAG(absl::Duration, duration, absl::Seconds(1), "of the measuring");
ABSL_FLAG(absl::Duration, timeout, absl::Seconds(5), "of a call");
ABSL_FLAG(int, pid, 0, "the process whose CPU time to measure");
ABSL_FLAG(bool, sample, false,
          "print one answer instead, as JSON without its times");

namespace gather::bench {
namespace {

namespace v1 = aggregator::v1;

v1::GetOverviewRequest RequestFromFlags() {
  v1::GetOverviewRequest request;
  request.set_user_id(absl::GetFlag(FLAGS_user_id));
  for (const std::string& section : absl::GetFlag(FLAGS_sections)) {
    request.mutable_read_mask()->add_paths(section);
  }
  return request;
}

std::optional<Question> QuestionFromFlags() {
  const std::string service = absl::GetFlag(FLAGS_service);
  const v1::GetOverviewRequest overview = RequestFromFlags();
  if (service == "overview") return QuestionOf<WholeOverview>(overview);
  if (service == "without_products") {
    return QuestionOf<WithoutProducts>(overview);
  }
  using Product = aggregator::Overview;
  const fanout::Catalog catalog = *fanout::MakeCatalog<Product>();
  std::optional<Question> question;
  Product::Sections::ForEach([&]<typename S>() {
    if constexpr (!fanout::ComesAfterAnother<S>) {
      if (catalog.Find(service) != Product::Sections::IndexOf<S>()) return;
      question = QuestionOf<S>(overview);
    }
  });
  return question;
}

LoadOptions OptionsFromFlags() {
  return {.connections = absl::GetFlag(FLAGS_connections),
          .in_flight = absl::GetFlag(FLAGS_in_flight),
          .rate = absl::GetFlag(FLAGS_rate),
          .tick = absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_tick)),
          .calls = absl::GetFlag(FLAGS_calls),
          .warm_up = absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_warm_up)),
          .duration = absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_duration)),
          .timeout = absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_timeout))};
}

// In milliseconds. `sorted` is not empty.
double Quantile(const std::vector<async::Clock::duration>& sorted, double q) {
  const auto last = static_cast<double>(sorted.size() - 1);
  const auto at = static_cast<std::size_t>(q * last);
  return std::chrono::duration<double, std::milli>(sorted[at]).count();
}

void Print(LoadReport report) {
  if (report.latencies.empty()) report.latencies.emplace_back();
  std::sort(report.latencies.begin(), report.latencies.end());
  int64_t failed = 0;
  std::vector<std::string> errors;
  for (const auto& [code, count] : report.errors) {
    failed += count;
    errors.push_back(
        absl::StrCat("\"", absl::StatusCodeToString(code), "\": ", count));
  }
  std::cout << "{\"calls\": " << report.calls << ", \"errors\": " << failed
            << ", \"wrong\": " << report.wrong << ", \"codes\": {"
            << absl::StrJoin(errors, ", ") << "}, \"unsent\": " << report.unsent
            << ", \"seconds\": " << report.seconds
            << ", \"cpu_seconds\": " << report.cpu_seconds
            << ", \"load_cpu_seconds\": " << report.load_cpu_seconds
            << ", \"p50_ms\": " << Quantile(report.latencies, 0.5)
            << ", \"p90_ms\": " << Quantile(report.latencies, 0.9)
            << ", \"p99_ms\": " << Quantile(report.latencies, 0.99)
            << ", \"max_ms\": " << Quantile(report.latencies, 1) << "}\n";
}

void DropTimes(fanout::v1::SectionStatus* status) {
  status->clear_start_offset();
  status->clear_duration();
}

int PrintSample() {
  const auto stub = v1::AggregatorService::NewStub(grpc::CreateChannel(
      absl::GetFlag(FLAGS_target), grpc::InsecureChannelCredentials()));
  const v1::GetOverviewRequest request = RequestFromFlags();
  v1::GetOverviewResponse response;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
  const grpc::Status status = stub->GetOverview(&context, request, &response);
  if (!status.ok()) {
    std::cerr << status.error_code() << ": " << status.error_message() << '\n';
    return EXIT_FAILURE;
  }
  response.clear_timing();
  DropTimes(response.mutable_user()->mutable_status());
  DropTimes(response.mutable_orders()->mutable_status());
  DropTimes(response.mutable_products()->mutable_status());
  // The other contenders have none.
  response.clear_purchases();
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(response, &json);
  std::cout << json << '\n';
  return EXIT_SUCCESS;
}

int Main() {
  ops::PrepareProcess();
  if (absl::GetFlag(FLAGS_sample)) return PrintSample();
  const absl::StatusOr<Address> address =
      ResolveAddress(absl::GetFlag(FLAGS_target));
  if (!address.ok()) {
    std::cerr << "--target: " << address.status().message() << '\n';
    return 2;
  }
  const std::optional<Question> question = QuestionFromFlags();
  const LoadOptions options = OptionsFromFlags();
  // gRPC writes a timeout with eight digits at most.
  const bool timeout_fits = options.timeout > async::Clock::duration::zero() &&
                            options.timeout <= std::chrono::hours(24);
  const bool open = options.rate > 0;
  if (!question || options.connections < 1 || options.in_flight < 1 ||
      options.rate < 0 || options.tick < async::Clock::duration::zero() ||
      (open && options.calls > 0) || !timeout_fits) {
    std::cerr << "bad --service, --connections, --in_flight, --rate, --tick, "
                 "--calls or --timeout\n";
    return 2;
  }
  const ProcessClock process(absl::GetFlag(FLAGS_pid));
  Print(Load(options, *address, *question, process).Run());
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace gather::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return gather::bench::Main();
}
