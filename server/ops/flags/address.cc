#include "server/ops/flags/address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "server/ops/flags/parse_flags.h"

namespace gather::ops {
namespace {

// Empty where the value is good.
using Fault = std::string;

constexpr char kForms[] =
    "host:port, or gRPC's dns:///, ipv4:, ipv6:, unix: or xds:///";

struct Endpoint {
  std::string host;  // without brackets
  bool bracketed = false;
  bool has_port = false;
  std::string port;
};

// What stands before a port is a host, or an IPv6 address in brackets.
Fault SplitEndpoint(const std::string& text, Endpoint* endpoint) {
  std::string rest;
  if (!text.empty() && text[0] == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string::npos) return "has no ] behind its [";
    endpoint->bracketed = true;
    endpoint->host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return "has text between ] and :";
  } else {
    const std::size_t colon = text.find(':');
    if (colon != text.rfind(':')) {
      return "has several colons: an IPv6 address needs brackets, as in "
             "[::1]:50051";
    }
    endpoint->host = text.substr(0, colon);
    if (colon != std::string::npos) rest = text.substr(colon);
  }
  endpoint->has_port = !rest.empty();
  if (endpoint->has_port) endpoint->port = rest.substr(1);
  return "";
}

bool IsIpv4(const std::string& text) {
  in_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

// With the interface of a link-local one, "fe80::1%eth0".
bool IsIpv6(const std::string& text) {
  in6_addr address;
  const std::string number = text.substr(0, text.find('%'));
  return inet_pton(AF_INET6, number.c_str(), &address) == 1;
}

Fault CheckHost(const Endpoint& endpoint) {
  const std::string& host = endpoint.host;
  if (endpoint.bracketed) {
    return IsIpv6(host) ? "" : "has no IPv6 address in its brackets";
  }
  if (host.find_first_not_of("0123456789.") == std::string::npos &&
      !IsIpv4(host)) {
    return "has a number for a host that is no IPv4 address";
  }
  constexpr std::size_t kLongestName = 253;
  if (host.size() > kLongestName) return "has too long a host";
  for (const char c : host) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' &&
        c != '_' && c != '.') {
      return absl::StrCat("has a host with \"", std::string(1, c), "\" in it");
    }
  }
  return "";
}

Fault CheckPort(const Endpoint& endpoint, int lowest) {
  int port = -1;
  const bool digits =
      endpoint.port.find_first_not_of("0123456789") == std::string::npos;
  if (!endpoint.has_port) return "has no port";
  if (!digits || !absl::SimpleAtoi(endpoint.port, &port) || port < lowest ||
      port > 65535) {
    return absl::StrCat("has port \"", endpoint.port, "\", which is not from ",
                        lowest, " to 65535");
  }
  return "";
}

Fault CheckDialled(const std::string& text, bool needs_port) {
  Endpoint endpoint;
  if (Fault fault = SplitEndpoint(text, &endpoint); !fault.empty()) {
    return fault;
  }
  if (endpoint.host.empty()) return "has no host";
  if (Fault fault = CheckHost(endpoint); !fault.empty()) return fault;
  return needs_port || endpoint.has_port ? CheckPort(endpoint, 1) : "";
}

Fault CheckAddresses(const std::string& list, bool ipv6) {
  for (const absl::string_view item : absl::StrSplit(list, ',')) {
    Endpoint endpoint;
    const std::string text = absl::StrReplaceAll(
        item, {{"%5B", "["}, {"%5b", "["}, {"%5D", "]"}, {"%5d", "]"}});
    if (Fault fault = SplitEndpoint(text, &endpoint); !fault.empty()) {
      return fault;
    }
    if (ipv6 ? !endpoint.bracketed || !IsIpv6(endpoint.host)
             : endpoint.bracketed || !IsIpv4(endpoint.host)) {
      return absl::StrCat("has \"", item, "\", which is no ",
                          ipv6 ? "[IPv6 address]:port" : "IPv4 address:port");
    }
    if (Fault fault = CheckPort(endpoint, 1); !fault.empty()) return fault;
  }
  return "";
}

Fault CheckSocketPath(const std::string& path) {
  if (path.empty()) return "has no path";
  return path.size() < sizeof(sockaddr_un::sun_path)
             ? ""
             : absl::StrCat("has a path of more than ",
                            sizeof(sockaddr_un::sun_path) - 1, " bytes");
}

// `rest` is all behind the scheme's colon.
Fault CheckScheme(const std::string& scheme, const std::string& rest) {
  std::string authority;
  std::string path = rest;
  if (rest.substr(0, 2) == "//") {
    const std::size_t slash = rest.find('/', 2);
    authority = rest.substr(2, slash == std::string::npos ? slash : slash - 2);
    path = slash == std::string::npos ? "" : rest.substr(slash + 1);
    if (scheme == "unix" && slash != std::string::npos) path = "/" + path;
  }
  if (!authority.empty() && scheme != "dns" && scheme != "xds") {
    return absl::StrCat("has \"", authority, "\" behind ", scheme,
                        "://, where nothing may stand: ", scheme, ":///");
  }
  if (scheme == "unix" || scheme == "unix-abstract") {
    return CheckSocketPath(path);
  }
  if (path.empty()) {
    return absl::StrCat(
        "names nothing: two slashes are for the server to ask, "
        "and ",
        scheme, ":///NAME for what to call");
  }
  if (scheme == "xds") return "";
  if (scheme == "dns") return CheckDialled(path, /*needs_port=*/false);
  return CheckAddresses(path, scheme == "ipv6");
}

Fault FaultOfTarget(const std::string& value) {
  if (value.empty()) return "is empty";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isspace(byte) || absl::ascii_iscntrl(byte)) {
      return "has a space or a control character in it";
    }
  }
  const std::size_t colon = value.find(':');
  const std::string scheme = value.substr(0, colon);
  const std::string rest =
      colon == std::string::npos ? "" : value.substr(colon + 1);
  constexpr std::array<absl::string_view, 6> kSchemes = {
      "dns", "ipv4", "ipv6", "unix", "unix-abstract", "xds"};
  for (const absl::string_view known : kSchemes) {
    if (colon != std::string::npos && scheme == known) {
      return CheckScheme(scheme, rest);
    }
  }
  if (rest.substr(0, 1) == "/") {
    return absl::StrCat("has the scheme \"", scheme,
                        "\", which gRPC can't call: ", kForms);
  }
  return CheckDialled(value, /*needs_port=*/true);
}

Fault CheckListen(const std::string& value) {
  constexpr char kUnix[] = "unix:";
  if (value.rfind(kUnix, 0) == 0) {
    return CheckScheme("unix", value.substr(sizeof(kUnix) - 1));
  }
  Endpoint endpoint;
  if (Fault fault = SplitEndpoint(value, &endpoint); !fault.empty()) {
    return fault;
  }
  if (!endpoint.host.empty()) {
    if (Fault fault = CheckHost(endpoint); !fault.empty()) return fault;
  }
  return CheckPort(endpoint, 0);
}

absl::Status Report(std::string_view name, std::string_view value,
                    const Fault& fault) {
  if (fault.empty()) return absl::OkStatus();
  const absl::string_view text(value.data(), value.size());
  return absl::InvalidArgumentError(absl::StrCat(
      std::string(name), ": ",
      value.empty() ? ""
                    : absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\" "),
      fault));
}

std::string NameOf(std::string_view flag) { return "--" + std::string(flag); }

}  // namespace

absl::Status CheckFlagTarget(std::string_view flag, std::string_view value) {
  return CheckTarget(NameOf(flag), value);
}

absl::Status CheckTarget(std::string_view name, std::string_view value) {
  return Report(name, value, FaultOfTarget(std::string(value)));
}

absl::Status CheckFlagListen(std::string_view flag, std::string_view value) {
  return Report(NameOf(flag), value, CheckListen(std::string(value)));
}

}  // namespace gather::ops
