// SPDX-License-Identifier: Apache-2.0
// Whom the client trusts, against `openssl s_server` on loopback.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "base/clock.h"
#include "concurrency/task_group.h"
#include "http/http_client.h"
#include "tests/support/expect_ok.h"
#include "tests/support/loopback_server.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_directory.h"

namespace cairn::tests {
namespace {

using http::HttpResponse;
using std::chrono::milliseconds;

class HttpTlsTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("NO_PROXY", "127.0.0.1", 1);
    if (!run_program({"openssl", "version"}).ok()) GTEST_SKIP() << "SKIPPED: no openssl program";
  }

  std::string file(const std::string& name) const { return directory_.path() + "/" + name; }

  void make_certificate(const std::string& subject_alternative_name) const {
    ASSERT_OK(run_program({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                           "-subj", "/CN=cairn-test", "-addext",
                           "subjectAltName=" + subject_alternative_name, "-keyout", file("key.pem"),
                           "-out", file("certificate.pem")}));
  }

  // What a client with these options gets from a server that takes one connection.
  Result<HttpResponse> get(const http::HttpOptions& options,
                           const std::vector<std::string>& server_options = {}) {
    // The port of a server that is gone is free, and nobody hands it out again so soon.
    std::string url = LoopbackServer([](LoopbackConnection&) {}).url("/");
    std::vector<std::string> command = {"timeout",  "20",
                                        "openssl",  "s_server",
                                        "-quiet",   "-www",
                                        "-naccept", "1",
                                        "-key",     file("key.pem"),
                                        "-cert",    file("certificate.pem"),
                                        "-accept",  url.substr(7, url.size() - 8)};
    command.insert(command.end(), server_options.begin(), server_options.end());
    TaskGroup tasks({});
    tasks.start([&](std::stop_token) -> Result<> {
      TRY(try_program(command));
      return {};
    });
    url.insert(4, "s");
    client_ = http::make_http_client(options);
    SystemClock clock;
    for (int tries = 0; tries < 100; ++tries) {
      Result<HttpResponse> response = client_->send({.url = url}, {});
      const bool is_starting = !response.ok() && response.error().message().contains("connect to");
      if (!is_starting) {
        if (response.ok()) TRY(read_all(*response.value().body, 1 << 20));
        return response;
      }
      TRY(clock.wait_for(milliseconds{50}, {}));
    }
    return internal_error("the server does not start");
  }

  TemporaryDirectory directory_;
  std::unique_ptr<http::HttpClient> client_;
};

TEST_F(HttpTlsTest, AStrangersCertificateIsDenied) {
  make_certificate("IP:127.0.0.1");
  const Result<HttpResponse> response = get({});
  ASSERT_EQ(outcome(response), "Denied");
  EXPECT_TRUE(response.error().message().contains("certificate does not verify"))
      << response.error().message();
  EXPECT_TRUE(response.error().message().contains("https://127.0.0.1:"));
}

TEST_F(HttpTlsTest, AnAuthorityThatIsNamedIsTrusted) {
  make_certificate("IP:127.0.0.1");
  const Result<HttpResponse> response = get({.ca_file = file("certificate.pem")});
  ASSERT_OK(response);
  EXPECT_EQ(response.value().status, 200);
}

TEST_F(HttpTlsTest, ACertificateForAnotherHostIsDenied) {
  make_certificate("DNS:other.example");
  EXPECT_EQ(outcome(get({.ca_file = file("certificate.pem")})), "Denied");
}

TEST_F(HttpTlsTest, OldVersionsOfTlsAreNotSpoken) {
  make_certificate("IP:127.0.0.1");
  const Result<HttpResponse> response =
      get({.ca_file = file("certificate.pem")}, {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"});
  EXPECT_EQ(outcome(response), "Unavailable");
}

TEST_F(HttpTlsTest, AFileOfAuthoritiesThatCannotBeReadIsNamed) {
  make_certificate("IP:127.0.0.1");
  for (const char* name : {"absent.pem", "key.pem"}) {
    const Result<HttpResponse> response = get({.ca_file = file(name)});
    EXPECT_EQ(outcome(response), "InvalidArgument");
    EXPECT_TRUE(response.error().message().contains(name)) << response.error().message();
  }
}

}  // namespace
}  // namespace cairn::tests
