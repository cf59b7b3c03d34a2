#ifndef GATHER_TESTS_SUPPORT_CHANNEL_H_
#define GATHER_TESTS_SUPPORT_CHANNEL_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

namespace gather::testing {

// Two connected descriptors that bytes go through.
class Channel {
 public:
  static Channel Pipe() {
    std::array<int, 2> ends = {-1, -1};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    return Channel(ends[0], ends[1]);
  }
  // A pipe of which one read gives what one write put there.
  static Channel PacketPipe() {
    std::array<int, 2> ends = {-1, -1};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC | O_DIRECT), 0);
    return Channel(ends[0], ends[1]);
  }
  static Channel Socket() {
    std::array<int, 2> ends = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    return Channel(ends[0], ends[1]);
  }
  ~Channel() {
    CloseReader();
    CloseWriter();
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int writer() const { return writer_; }
  void CloseReader() { Close(reader_); }
  void CloseWriter() { Close(writer_); }

  // Leaves no room for one byte more.
  void Fill() const {
    const std::string filler(4096, '#');
    fcntl(writer_, F_SETFL, O_NONBLOCK);
    while (write(writer_, filler.data(), filler.size()) > 0) continue;
    while (write(writer_, filler.data(), 1) > 0) continue;
    fcntl(writer_, F_SETFL, 0);
  }

  std::string ReadOnce() const {
    std::array<char, 4096> buffer;
    const ssize_t size = read(reader_, buffer.data(), buffer.size());
    return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size))
                    : std::string();
  }
  // Until `end` was read or no writer is left.
  std::string ReadUntil(std::string_view end) const {
    std::string text;
    while (text.find(end) == std::string::npos) {
      const std::string read = ReadOnce();
      if (read.empty()) break;
      text += read;
    }
    return text;
  }
  std::string ReadUntilClosed() const {
    return ReadUntil("no record holds this");
  }
  // What is left to read once this writer is closed, too.
  std::string Finish() {
    CloseWriter();
    return ReadUntilClosed();
  }

 private:
  Channel(int reader, int writer) : reader_(reader), writer_(writer) {}

  static void Close(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }

  int reader_;
  int writer_;
};

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_CHANNEL_H_
