// SPDX-License-Identifier: Apache-2.0
// The real client against a server that misbehaves on purpose, over loopback.
#include "http/http_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "base/clock.h"
#include "concurrency/task_group.h"
#include "tests/support/loopback_server.h"

namespace cairn::tests {
namespace {

using http::HttpClient;
using http::HttpOptions;
using http::HttpRequest;
using http::HttpResponse;
using std::chrono::milliseconds;

class HttpClientTest : public testing::Test {
 protected:
  HttpClientTest() { setenv("NO_PROXY", "127.0.0.1", 1); }

  static HttpOptions impatient() {
    return {.connect_timeout = milliseconds{2000}, .stall_timeout = milliseconds{300}};
  }
  Result<HttpResponse> get(const std::string& url) { return client_->send({.url = url}, {}); }

  std::unique_ptr<HttpClient> client_ = http::make_http_client(impatient());
};

// Answers every request on a connection with the same bytes.
LoopbackServer::Serve always(std::string answer) {
  return [answer = std::move(answer)](LoopbackConnection& connection) {
    while (connection.read_request()) connection.write(answer);
  };
}

// Answers one request, then closes.
LoopbackServer::Serve once(std::string answer) {
  return [answer = std::move(answer)](LoopbackConnection& connection) {
    if (connection.read_request()) connection.write(answer);
  };
}

void expect_unavailable(const Error& error, std::string_view part) {
  EXPECT_EQ(error.code(), ErrorCode::Unavailable);
  EXPECT_TRUE(error.message().contains(part)) << error.message();
  EXPECT_TRUE(error.message().contains("127.0.0.1")) << error.message();
  EXPECT_FALSE(error.message().contains("secret")) << error.message();
}

TEST_F(HttpClientTest, ReadsStatusHeadersAndBody) {
  LoopbackServer server(
      always("HTTP/1.1 404 Not Found\r\nETag: \"x\"\r\nX-Two: a\r\nx-two:  b \r\nX-Empty:\r\n"
             "Content-Length: 5\r\n\r\nhello"));
  Result<HttpResponse> response = get(server.url("/"));
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response.value().status, 404);
  EXPECT_EQ(response.value().header("etag"), "\"x\"");
  EXPECT_EQ(response.value().header("x-two"), "a, b");
  EXPECT_EQ(response.value().header("x-empty"), "");
  EXPECT_EQ(response.value().header("absent"), "");
  EXPECT_EQ(read_all(*response.value().body, 100).value(), "hello");
}

TEST_F(HttpClientTest, SendsExactlyTheRequest) {
  std::string seen;
  LoopbackServer server([&](LoopbackConnection& connection) {
    while (auto request = connection.read_request()) {
      seen = *request;
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  const std::string body("a\0b", 3);
  HttpRequest request{.method = "PUT", .url = server.url("/a/../%20b?x=%2F&y"), .body = body};
  request.headers = {{"X-Meta", "v w"}, {"X-Empty", ""}};
  ASSERT_TRUE(client_->send(request, {}).ok());
  EXPECT_TRUE(seen.starts_with("PUT /a/../%20b?x=%2F&y HTTP/1.1\r\n")) << seen;
  EXPECT_TRUE(seen.contains("\r\nX-Meta: v w\r\n")) << seen;
  EXPECT_TRUE(seen.contains("\r\nX-Empty:\r\n")) << seen;
  EXPECT_TRUE(seen.contains("\r\nContent-Length: 3\r\n")) << seen;
  EXPECT_TRUE(seen.ends_with("\r\n\r\n" + body)) << seen;
  EXPECT_FALSE(seen.contains("Expect:")) << seen;
  EXPECT_FALSE(seen.contains("Content-Type:")) << seen;

  // No body: a PUT still says so, a DELETE does not speak of one.
  ASSERT_TRUE(client_->send({.method = "PUT", .url = server.url("/")}, {}).ok());
  EXPECT_TRUE(seen.contains("\r\nContent-Length: 0\r\n")) << seen;
  ASSERT_TRUE(client_->send({.method = "DELETE", .url = server.url("/")}, {}).ok());
  EXPECT_TRUE(seen.starts_with("DELETE / HTTP/1.1\r\n")) << seen;
  EXPECT_FALSE(seen.contains("Content-Length")) << seen;
}

TEST_F(HttpClientTest, SendsALargeBodyWhole) {
  std::size_t received = 0;
  LoopbackServer server([&](LoopbackConnection& connection) {
    while (auto request = connection.read_request()) {
      received = request->size() - request->find("\r\n\r\n") - 4;
      connection.write("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n");
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  const std::string body(5 << 20, 'x');
  const Result<HttpResponse> response =
      client_->send({.method = "POST", .url = server.url("/"), .body = body}, {});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response.value().status, 200);
  EXPECT_EQ(response.value().header("x-early"), "");  // Of the interim answer.
  EXPECT_EQ(received, body.size());
}

TEST_F(HttpClientTest, KeepsConnectionsBetweenRequests) {
  LoopbackServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  for (int i = 0; i < 5; ++i) {
    Result<HttpResponse> response = get(server.url("/"));
    ASSERT_TRUE(response.ok());
    // Read to the last byte, but not asked for the end.
    char bytes[5];
    EXPECT_EQ(read_full(*response.value().body, bytes).value(), 5u);
  }
  EXPECT_EQ(server.connection_count(), 1);
}

TEST_F(HttpClientTest, SendsAgainWhenAKeptConnectionIsDead) {
  LoopbackServer server(once("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(get(server.url("/")).ok());
  EXPECT_TRUE(get(server.url("/")).ok());
  EXPECT_EQ(server.connection_count(), 2);
}

TEST_F(HttpClientTest, ABodyLeftUnreadCostsTheConnectionOnly) {
  const std::string large(4 << 20, 'x');
  LoopbackServer server(
      always(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", large.size(), large)));
  {
    Result<HttpResponse> response = get(server.url("/"));
    ASSERT_TRUE(response.ok());
    char byte[1];
    EXPECT_EQ(response.value().body->read(byte).value(), 1u);
  }
  Result<HttpResponse> response = get(server.url("/"));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(read_all(*response.value().body, large.size()).value(), large);
  EXPECT_EQ(server.connection_count(), 2);
}

TEST_F(HttpClientTest, ASlowReaderDoesNotStallAndDoesNotBuffer) {
  std::atomic<std::size_t> sent = 0;
  constexpr std::size_t kTotal = 64 << 20;
  LoopbackServer server([&](LoopbackConnection& connection) {
    if (!connection.read_request()) return;
    connection.write(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", kTotal));
    const std::string block(1 << 20, 'x');
    while (sent < kTotal && connection.write(block)) sent += block.size();
  });
  Result<HttpResponse> response = get(server.url("/"));
  ASSERT_TRUE(response.ok());
  SystemClock clock;
  char byte[1];
  EXPECT_EQ(response.value().body->read(byte).value(), 1u);
  ASSERT_TRUE(clock.wait_for(milliseconds{700}, {}).ok());  // Longer than the stall timeout.
  EXPECT_LT(sent, kTotal / 2);  // The rest waits in the server, not in our memory.
  std::vector<char> block(1 << 20);
  std::size_t received = 1;
  while (true) {
    const Result<std::size_t> count = response.value().body->read(block);
    ASSERT_TRUE(count.ok()) << count.error().message();
    if (count.value() == 0) break;
    received += count.value();
  }
  EXPECT_EQ(received, kTotal);
}

TEST_F(HttpClientTest, ReadsChunkedBodies) {
  LoopbackServer server(
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n"
             "X-Trailer: 1\r\n\r\n"));
  for (int i = 0; i < 2; ++i) {
    Result<HttpResponse> response = get(server.url("/"));
    ASSERT_TRUE(response.ok());
    EXPECT_EQ(read_all(*response.value().body, 100).value(), "hello!");
  }
  EXPECT_EQ(server.connection_count(), 1);
}

TEST_F(HttpClientTest, ACutBodyIsUnavailable) {
  struct Case {
    const char* name;
    const char* answer;
  };
  const Case cases[] = {
      {"content length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"},
      {"chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello"},
      {"last chunk missing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    LoopbackServer server(once(c.answer));
    Result<HttpResponse> response = get(server.url("/secret?secret=secret"));
    ASSERT_TRUE(response.ok());
    char bytes[10];
    // What came is delivered, the loss is told then, and told again.
    EXPECT_EQ(response.value().body->read(bytes).value(), 5u);
    for (int i = 0; i < 2; ++i) {
      const Result<std::size_t> rest = response.value().body->read(bytes);
      ASSERT_FALSE(rest.ok());
      expect_unavailable(rest.error(), "GET http://127.0.0.1");
    }
  }
}

TEST_F(HttpClientTest, AConnectionClosedWithoutAnswerIsUnavailable) {
  for (const char* answer : {"", "HTTP/1.1 200 OK\r\nContent-Len", "nonsense\r\n\r\n"}) {
    SCOPED_TRACE(answer);
    LoopbackServer server(once(answer));
    const Result<HttpResponse> response = get(server.url("/secret"));
    ASSERT_FALSE(response.ok());
    expect_unavailable(response.error(), "GET http://");
  }
}

TEST_F(HttpClientTest, EndlessHeadersAreRefused) {
  LoopbackServer server([](LoopbackConnection& connection) {
    if (!connection.read_request()) return;
    connection.write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 10'000 && connection.write("X-Header: " + std::string(90, 'x') + "\r\n");) {
      ++i;
    }
  });
  const Result<HttpResponse> response = get(server.url("/"));
  ASSERT_FALSE(response.ok());
  expect_unavailable(response.error(), "headers");
}

TEST_F(HttpClientTest, SilenceIsUnavailable) {
  LoopbackServer before_headers(
      [](LoopbackConnection& connection) { connection.wait_for_close(); });
  const Result<HttpResponse> none = get(before_headers.url("/secret"));
  ASSERT_FALSE(none.ok());
  expect_unavailable(none.error(), "nothing moved for 300 ms");

  LoopbackServer in_body([](LoopbackConnection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    connection.wait_for_close();
  });
  Result<HttpResponse> cut = get(in_body.url("/secret"));
  ASSERT_TRUE(cut.ok());
  const Result<Bytes> body = read_all(*cut.value().body, 100);
  ASSERT_FALSE(body.ok());
  expect_unavailable(body.error(), "nothing moved for 300 ms");
}

TEST_F(HttpClientTest, ATricklingServerRunsIntoTheTimeout) {
  LoopbackServer server([](LoopbackConnection& connection) {
    SystemClock clock;
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (connection.write("x") && clock.wait_for(milliseconds{20}, {}).ok()) {
    }
  });
  Result<HttpResponse> response =
      client_->send({.url = server.url("/secret"), .timeout = milliseconds{500}}, {});
  ASSERT_TRUE(response.ok());
  const Result<Bytes> body = read_all(*response.value().body, 1'000'000);
  ASSERT_FALSE(body.ok());
  expect_unavailable(body.error(), "no complete answer after waiting");
}

TEST_F(HttpClientTest, AnswersToHeadAndEmptyAnswersHaveNoBody) {
  struct Case {
    const char* method;
    const char* answer;
  };
  const Case cases[] = {
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"},
      {"DELETE", "HTTP/1.1 204 No Content\r\n\r\n"},
      {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.method);
    LoopbackServer server(always(c.answer));
    for (int i = 0; i < 2; ++i) {
      Result<HttpResponse> response =
          client_->send({.method = c.method, .url = server.url("/")}, {});
      ASSERT_TRUE(response.ok()) << response.error().message();
      EXPECT_EQ(read_all(*response.value().body, 100).value(), "");
    }
    EXPECT_EQ(server.connection_count(), 1);
  }
}

TEST_F(HttpClientTest, DoesNotFollowRedirects) {
  LoopbackServer server(
      always("HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(get(server.url("/")).value().status, 301);
}

TEST_F(HttpClientTest, StopEndsAWaitSoon) {
  LoopbackServer server([](LoopbackConnection& connection) { connection.wait_for_close(); });
  const std::unique_ptr<HttpClient> patient = http::make_http_client({});
  SystemClock clock;
  const SteadyTime started = clock.steady_now();
  std::stop_source stop;
  TaskGroup tasks({});
  tasks.start([&](std::stop_token) {
    Result<> waited = clock.wait_for(milliseconds{50}, {});
    stop.request_stop();
    return waited;
  });
  const Result<HttpResponse> response = patient->send({.url = server.url("/")}, stop.get_token());
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code(), ErrorCode::Cancelled);
  EXPECT_LT(clock.steady_now() - started, milliseconds{1500});
  EXPECT_TRUE(tasks.join().ok());
}

TEST_F(HttpClientTest, AServerThatIsNotThereIsUnavailable) {
  std::string url;
  {
    LoopbackServer gone(always(""));
    url = gone.url("/secret");
  }
  for (int i = 0; i < 2; ++i) {  // The second time with what the first left behind.
    const Result<HttpResponse> response = get(url);
    ASSERT_FALSE(response.ok());
    expect_unavailable(response.error(), "connect");
  }
}

TEST_F(HttpClientTest, RefusesRequestsThatWouldSmuggleHeaders) {
  LoopbackServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const std::pair<std::string, std::string> bad[] = {{"X-A", "secret\r\nX-B: c"},
                                                     {"X-A", std::string("secret\0", 7)},
                                                     {"X A", "b"},
                                                     {"", "b"},
                                                     {"X-A:", "b"}};
  for (const auto& header : bad) {
    const Result<HttpResponse> response =
        client_->send({.url = server.url("/"), .headers = {header}}, {});
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code(), ErrorCode::InvalidArgument);
    EXPECT_FALSE(response.error().message().contains("secret"));
  }
  EXPECT_EQ(get("http://127.0.0.1/a b").error().code(), ErrorCode::InvalidArgument);
}

TEST_F(HttpClientTest, ManyThreadsShareOneClient) {
  LoopbackServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  TaskGroup tasks({});
  for (int thread = 0; thread < 8; ++thread) {
    tasks.start([&](std::stop_token stop) -> Result<> {
      for (int i = 0; i < 50; ++i) {
        HttpResponse response = TRY(client_->send({.url = server.url("/")}, stop));
        if (TRY(read_all(*response.body, 100)) != "hello") return internal_error("wrong body");
      }
      return {};
    });
  }
  const Result<> joined = tasks.join();
  EXPECT_TRUE(joined.ok()) << joined.error().message();
  EXPECT_LE(server.connection_count(), 8);
}

}  // namespace
}  // namespace cairn::tests
