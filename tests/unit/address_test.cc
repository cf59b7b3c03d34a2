#include "server/ops/flags/address.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gather::ops {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Target(std::string_view value) {
  return std::string(CheckFlagTarget("user_target", value).message());
}

std::string Listen(std::string_view value) {
  return std::string(CheckFlagListen("listen", value).message());
}

TEST(AddressTest, TakesWhatGrpcCanCall) {
  for (const char* good : {"user:50052",
                           "localhost:1",
                           "127.0.0.1:65535",
                           "[::1]:50052",
                           "[fe80::1%eth0]:50052",
                           "user_1.internal.:80",
                           "USER:80",
                           "dns:///user:50052",
                           "dns:user:50052",
                           "dns:///user",
                           "dns://127.0.0.53:53/user:50052",
                           "dns:///[::1]:50052",
                           "ipv4:10.0.0.1:80",
                           "ipv4:10.0.0.1:80,10.0.0.2:80",
                           "ipv4:///10.0.0.1:80",
                           "ipv6:[::1]:80,[::2]:80",
                           "ipv6:%5B::1%5D:80",
                           "unix:/run/user.sock",
                           "unix:///run/user.sock",
                           "unix:user.sock",
                           "unix-abstract:user",
                           "xds:///user",
                           "xds://authority/user"}) {
    EXPECT_EQ(Target(good), "") << good;
  }
}

struct Bad {
  const char* value;
  const char* why;
};

TEST(AddressTest, SaysWhatIsWrongWithATarget) {
  for (const Bad& bad : {
           Bad{"", "is empty"},
           Bad{"user", "has no port"},
           Bad{"127.0.0.1", "has no port"},
           Bad{"[::1]", "has no port"},
           Bad{"user:", "not from 1 to 65535"},
           Bad{"user:0", "not from 1 to 65535"},
           Bad{"user:99999", "not from 1 to 65535"},
           Bad{"user:99999999999999999999", "not from 1 to 65535"},
           Bad{"user:abc", "not from 1 to 65535"},
           Bad{"user:-1", "not from 1 to 65535"},
           Bad{"user:+80", "not from 1 to 65535"},
           Bad{":50052", "has no host"},
           Bad{"::1:50052", "needs brackets"},
           Bad{"[::1:50052", "has no ]"},
           Bad{"[::1]50052", "between ] and :"},
           Bad{"[user]:50052", "no IPv6 address"},
           Bad{"256.0.0.1:80", "no IPv4 address"},
           Bad{"10.0.1:80", "no IPv4 address"},
           Bad{" user:50052", "a space"},
           Bad{"user:50052\n", "a space"},
           Bad{"user\x7f:50052", "control character"},
           Bad{"us@er:50052", "\"@\""},
           Bad{"user/x:50052", "\"/\""},
           Bad{"http://user:50052", "the scheme \"http\""},
           Bad{"foo:///x", "the scheme \"foo\""},
           Bad{"DNS:///user:80", "the scheme \"DNS\""},
           Bad{"dns://user:50052", "dns:///NAME"},
           Bad{"dns:///", "names nothing"},
           Bad{"dns:", "names nothing"},
           Bad{"dns:///user:abc", "not from 1 to 65535"},
           Bad{"dns:///::1:80", "needs brackets"},
           Bad{"ipv4:user:80", "no IPv4 address:port"},
           Bad{"ipv4:10.0.0.1", "has no port"},
           Bad{"ipv4:10.0.0.1:80,", "no IPv4 address:port"},
           Bad{"ipv4://10.0.0.1:80/", "nothing may stand"},
           Bad{"ipv6:::1:80", "needs brackets"},
           Bad{"unix:", "has no path"},
           Bad{"unix://", "has no path"},
           Bad{"unix://run/user.sock", "nothing may stand"},
           Bad{"xds://user", "names nothing"},
       }) {
    EXPECT_THAT(Target(bad.value),
                AllOf(StartsWith("--user_target: "), HasSubstr(bad.why),
                      Not(HasSubstr("\n"))))
        << bad.value;
  }
  EXPECT_THAT(Target("unix:/" + std::string(107, 'x')), HasSubstr("107 bytes"));
}

TEST(AddressTest, TakesWhatCanBeListenedOn) {
  for (const char* good : {"[::]:50051", ":0", "0.0.0.0:0", "localhost:50051",
                           "unix:/run/gather.sock", "unix:gather.sock"}) {
    EXPECT_EQ(Listen(good), "") << good;
  }
}

TEST(AddressTest, SaysWhatIsWrongWithAListenAddress) {
  for (const Bad& bad :
       {Bad{"nonsense", "has no port"}, Bad{"127.0.0.1:99999", "0 to 65535"},
        Bad{":::80", "needs brackets"}, Bad{"dns:///x:80", "several colons"},
        Bad{"unix:", "has no path"}}) {
    EXPECT_THAT(Listen(bad.value),
                AllOf(StartsWith("--listen: "), HasSubstr(bad.why)))
        << bad.value;
  }
}

}  // namespace
}  // namespace gather::ops
