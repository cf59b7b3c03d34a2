#include "server/ops/tls/tls_files.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/ops/flags/parse_flags.h"

// Only what OpenSSL and BoringSSL have in common: gRPC may bring either.

namespace gather::ops {
namespace {

// More than any certificate or bundle has; /dev/zero is no certificate.
constexpr std::size_t kMaxFileBytes = std::size_t{4} << 20;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

std::string Quote(const std::string& path) {
  return absl::StrCat("'", absl::Utf8SafeCEscape(path), "'");
}

absl::Status FileError(const FlagFile& file, std::string_view why) {
  return FlagError(file.flag,
                   absl::StrCat(Quote(file.path),
                                absl::string_view(why.data(), why.size())));
}

absl::StatusOr<std::string> ReadFile(const FlagFile& file) {
  if (file.path.empty()) return std::string();
  // Opening one waits for a writer, and what is read is gone the next time.
  std::error_code ignored;
  if (std::filesystem::is_fifo(file.path, ignored)) {
    return FileError(file, " can't be read: Is a pipe");
  }
  std::ifstream stream(file.path, std::ios::binary);
  std::string text;
  std::array<char, 16384> part;
  while (stream && text.size() <= kMaxFileBytes) {
    stream.read(part.data(), part.size());
    text.append(part.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (!stream.is_open() || stream.bad()) {
    return FileError(
        file, " can't be read: " + std::generic_category().message(errno));
  }
  if (text.size() > kMaxFileBytes) return FileError(file, " is too large");
  return text;
}

Bio ReaderOf(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// All certificates of `pem`; none where one of them can't be parsed, as in a
// file that is half written.
std::vector<Certificate> ParseCertificates(const std::string& pem) {
  const Bio bio = ReaderOf(pem);
  std::vector<Certificate> all;
  ERR_clear_error();
  while (X509* each = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    all.emplace_back(each);
  }
  const bool at_end =
      ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) all.clear();
  return all;
}

Key ParseKey(const std::string& pem) {
  // An empty password, as gRPC has it, for otherwise OpenSSL would ask the
  // terminal for one.
  char password[] = "";
  Key key(
      PEM_read_bio_PrivateKey(ReaderOf(pem).get(), nullptr, nullptr, password));
  ERR_clear_error();
  return key;
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) return absl::InfinitePast();
  return absl::FromTM(fields, absl::UTCTimeZone());
}

// "", or why the certificate is of no use now.
std::string WhyNotValid(const X509& certificate) {
  const absl::Time now = absl::Now();
  const absl::Time begin = TimeOf(X509_get0_notBefore(&certificate));
  const absl::Time end = TimeOf(X509_get0_notAfter(&certificate));
  const auto text = [](absl::Time time) {
    return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
  };
  if (now >= end) return " has expired, on " + text(end);
  if (now < begin) return " is not valid before " + text(begin);
  return "";
}

// "", or why TLS would not take the certificates, though they are sound: one
// whose key is too short, say.
std::string WhyRefused(const std::vector<Certificate>& chain) {
  const std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_method()));
  bool taken = context != nullptr &&
               SSL_CTX_use_certificate(context.get(), chain.front().get()) == 1;
  for (std::size_t i = 1; taken && i < chain.size(); ++i) {
    taken = SSL_CTX_add1_chain_cert(context.get(), chain[i].get()) == 1;
  }
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  if (taken) return "";
  return absl::StrCat(" is refused by TLS: ",
                      reason != nullptr ? reason : "no reason given");
}

// The key alone, as PEM: gRPC would take a certificate that stands with it for
// its own.
std::string ToPem(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr,
                               nullptr) != 1) {
    return "";
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

absl::Status CheckRoots(const FlagFile& file, const std::string& pem) {
  const std::vector<Certificate> roots = ParseCertificates(pem);
  if (roots.empty()) return FileError(file, " holds no certificate in PEM");
  // Old ones among them do no harm.
  const std::string why = WhyNotValid(*roots.front());
  if (std::all_of(roots.begin(), roots.end(), [](const Certificate& each) {
        return !WhyNotValid(*each).empty();
      })) {
    return FileError(file, why);
  }
  return absl::OkStatus();
}

// Sets the expiry, and leaves nothing but the key in what the key's file held.
absl::Status CheckIdentity(const TlsFiles& files, TlsMaterial& material) {
  const std::vector<Certificate> chain = ParseCertificates(material.chain);
  if (chain.empty()) {
    return FileError(files.cert, " holds no certificate in PEM");
  }
  for (const std::string& why :
       {WhyNotValid(*chain.front()), WhyRefused(chain)}) {
    if (!why.empty()) return FileError(files.cert, why);
  }
  const Key key = ParseKey(material.key);
  if (key == nullptr) {
    return FileError(files.key,
                     " holds no private key in PEM without a password");
  }
  const bool fits = X509_check_private_key(chain.front().get(), key.get()) == 1;
  ERR_clear_error();
  if (!fits) {
    return FileError(files.key, " does not fit the certificate in " +
                                    Quote(files.cert.path));
  }
  material.key = ToPem(key.get());
  material.expiry = TimeOf(X509_get0_notAfter(chain.front().get()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsFiles& files) {
  if (files.cert.path.empty() != files.key.path.empty()) {
    const bool lacks_key = files.key.path.empty();
    return FlagError(
        (lacks_key ? files.cert : files.key).flag,
        absl::StrCat("needs --", (lacks_key ? files.key : files.cert).flag));
  }
  TlsMaterial material;
  for (const auto& [file, text] : {std::pair(&files.ca, &material.roots),
                                   std::pair(&files.cert, &material.chain),
                                   std::pair(&files.key, &material.key)}) {
    absl::StatusOr<std::string> read = ReadFile(*file);
    if (!read.ok()) return read.status();
    *text = *std::move(read);
  }
  absl::Status checked;
  if (!files.ca.path.empty()) checked = CheckRoots(files.ca, material.roots);
  if (checked.ok() && !files.cert.path.empty()) {
    checked = CheckIdentity(files, material);
  }
  if (!checked.ok()) return checked;
  return material;
}

}  // namespace gather::ops
