#ifndef GATHER_CLIENT_CALL_H_
#define GATHER_CLIENT_CALL_H_

#include <memory>
#include <string>

#include "google/protobuf/message.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace gather::client {

// What every command's call needs; all of it reads the common flags.

// A channel to --server.
std::shared_ptr<grpc::Channel> ServerChannel();

// Sets the deadline that --timeout asks for. A server that can't be reached
// fails the call at once.
void PrepareContext(grpc::ClientContext& context);

// Says on stderr, in one line, how the call failed (see DescribeFailure):
// "gatherctl: UNAVAILABLE: message (localhost:50051)". Returns kFailed.
int ReportFailure(const grpc::Status& status);

// Prints `message` on stdout as JSON, with each field that has a default.
// Returns `exit_code`, or kFailed where that was not possible. What has no JSON
// form, and sections that only the server knows, are missing there: one line on
// stderr names them.
int PrintJson(const google::protobuf::Message& message, int exit_code);

// The same on one line, for an answer that comes in many messages.
int PrintJsonLine(const google::protobuf::Message& message, int exit_code);

// Prints `text` on stdout. Returns `exit_code`, or kFailed where that was not
// possible: nobody should take an answer that they did not get for a whole one.
int PrintText(const std::string& text, int exit_code);

}  // namespace gather::client

#endif  // GATHER_CLIENT_CALL_H_
