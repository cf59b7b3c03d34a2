#ifndef GATHER_SERVER_OPS_TLS_TLS_FILES_H_
#define GATHER_SERVER_OPS_TLS_TLS_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace gather::ops {

// A file, and the flag that names it; an empty path is no file.
struct FlagFile {
  std::string flag;
  std::string path;
};

// What one side of TLS is made of, all of it PEM.
struct TlsFiles {
  // The authorities whose certificates are taken from the other side.
  FlagFile ca;
  // What this side shows: its certificate, with those between it and the
  // authority, and its key. Both or neither.
  FlagFile cert;
  FlagFile key;
};

// Their contents, in PEM, of the key's file the key alone; empty where there is
// no file.
struct TlsMaterial {
  std::string roots;
  std::string chain;
  std::string key;
  // When the first certificate of `chain` expires; never where there is none.
  absl::Time expiry = absl::InfiniteFuture();

  bool operator==(const TlsMaterial&) const = default;
};

// Reads the files and checks them: each can be read and holds what it is for,
// the certificate is valid today, TLS would take it and the key fits it, at
// least one authority is valid today. The error is INVALID_ARGUMENT with one
// line that names the flag and the file.
//
// Blocks on the disk. Thread: any.
absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsFiles& files);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_TLS_TLS_FILES_H_
