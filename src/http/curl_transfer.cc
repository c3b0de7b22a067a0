// SPDX-License-Identifier: Apache-2.0
#include "http/curl_transfer.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace cairn::http {

namespace {

constexpr long kBlockBytes = 128L * 1024;
constexpr std::size_t kHeaderBytesMax = 128UL * 1024;
constexpr std::uint64_t kSlowestBytesPerSecond = 4096;
constexpr std::chrono::milliseconds kPollInterval{500};  // how late `stop` is noticed
constexpr std::size_t kErrorTextMax = 300;

bool is_token(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

// A line break inside a value would start a header of the caller's choosing.
bool is_header_value(std::string_view value) {
  return std::ranges::none_of(
      value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// "HTTP/1.1 206 Partial Content" → 206; 0 if that is no status line.
int parse_status(std::string_view line) {
  const std::size_t space = line.find(' ');
  int status = 0;
  if (space != std::string_view::npos) {
    std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
  }
  return status;
}

}  // namespace

struct CurlTransfer::Curl {
  CURL* easy = nullptr;
  CURLM* multi = nullptr;
  curl_slist* headers = nullptr;
  bool is_added = false;
  curl_socket_t socket = CURL_SOCKET_BAD;  // of the connection made last
  std::array<char, CURL_ERROR_SIZE> error_text{};

  ~Curl() {
    if (is_added) curl_multi_remove_handle(multi, easy);
    curl_slist_free_all(headers);
    if (easy != nullptr) curl_easy_cleanup(easy);
    if (multi != nullptr) curl_multi_cleanup(multi);
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    // What can fail here is an option that this libcurl lacks; those used exist since 7.87.
    ASSERT(curl_easy_setopt(easy, option, value) == CURLE_OK);
  }

  static int on_connect(void* self, curl_socket_t socket, curlsocktype) {
    static_cast<Curl*>(self)->socket = socket;
    return CURL_SOCKOPT_OK;
  }
  static int on_close(void* self, curl_socket_t socket) {
    auto& curl = *static_cast<Curl*>(self);
    if (curl.socket == socket) curl.socket = CURL_SOCKET_BAD;
    return close(socket);
  }

  // A server that writes headers and body in two pieces holds the second back until the first is
  // acknowledged, which the kernel likes to delay by 40 ms: Ceph's gateway does so for every small
  // reply. The option lasts only until the kernel thinks otherwise, so it is set before each wait.
  void acknowledge_at_once() {
    if (socket == CURL_SOCKET_BAD) return;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
  }

  bool append_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers, line.c_str());
    if (longer == nullptr) return false;
    headers = longer;
    return true;
  }
};

// What has arrived. libcurl's callbacks fill it.
struct CurlTransfer::Reply {
  HttpResponse head = {};
  std::size_t header_bytes = 0;
  bool has_head = false;
  bool has_too_many_headers = false;

  std::span<char> out = {};  // where the reader wants the body
  std::size_t out_bytes = 0;
  std::string spilled = {};  // what did not fit there: at most one block
  std::size_t spilled_taken = 0;
  bool is_paused = false;

  bool is_over = false;
  CURLcode result = CURLE_OK;

  static std::size_t on_header(char* data, std::size_t, std::size_t count, void* self) {
    return static_cast<Reply*>(self)->take_header({data, count}) ? count : 0;
  }
  static std::size_t on_body(char* data, std::size_t, std::size_t count, void* self) {
    return static_cast<Reply*>(self)->take_body({data, count}) ? count : CURL_WRITEFUNC_PAUSE;
  }

  bool take_header(std::string_view line) {
    header_bytes += line.size();
    if (header_bytes > kHeaderBytesMax) {
      has_too_many_headers = true;
      return false;
    }
    if (has_head) return true;  // A trailer after a chunked body.
    if (line.starts_with("HTTP/")) {
      head.status = parse_status(line);
      head.headers.clear();  // Those of a "100 Continue" before.
    } else if (trim(line).empty()) {
      has_head = head.status >= 200;
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      std::string& value = head.headers[to_lower(trim(line.substr(0, colon)))];
      if (!value.empty()) value += ", ";
      value += trim(line.substr(colon + 1));
    }
    return true;
  }

  bool take_body(std::string_view bytes) {
    if (spilled_taken < spilled.size()) {
      is_paused = true;
      return false;
    }
    const std::size_t fits = std::min(bytes.size(), out.size() - out_bytes);
    if (fits > 0) std::memcpy(out.data() + out_bytes, bytes.data(), fits);
    out_bytes += fits;
    spilled = bytes.substr(fits);
    spilled_taken = 0;
    return true;
  }

  std::size_t take_spilled(std::span<char> into) {
    const std::size_t count = std::min(into.size(), spilled.size() - spilled_taken);
    if (count > 0) std::memcpy(into.data(), spilled.data() + spilled_taken, count);
    spilled_taken += count;
    return count;
  }
};

CurlTransfer::CurlTransfer(const HttpOptions& options)
    : options_(options), curl_(std::make_unique<Curl>()), reply_(std::make_unique<Reply>()) {}

CurlTransfer::~CurlTransfer() = default;

Result<std::unique_ptr<CurlTransfer>> CurlTransfer::make(const HttpOptions& options) {
  static const CURLcode kInitialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto transfer = std::unique_ptr<CurlTransfer>(new CurlTransfer(options));
  transfer->curl_->easy = curl_easy_init();
  transfer->curl_->multi = curl_multi_init();
  if (kInitialised != CURLE_OK || transfer->curl_->easy == nullptr ||
      transfer->curl_->multi == nullptr) {
    return internal_error("libcurl does not start: out of memory, or the TLS library is broken");
  }
  return transfer;
}

Result<HttpResponse> CurlTransfer::start(const HttpRequest& request, const Url& url,
                                         std::stop_token stop) {
  *reply_ = {};
  method_ = request.method;
  origin_ = url.origin();
  stop_ = std::move(stop);
  timeout_ = request.timeout;
  waited_ = {};
  waited_idle_ = {};
  moved_bytes_ = 0;
  TRY(prepare(request));
  if (curl_multi_add_handle(curl_->multi, curl_->easy) != CURLM_OK) {
    return internal_error("{} {}: libcurl refuses the request", method_, origin_);
  }
  curl_->is_added = true;
  TRY(pump([this] { return reply_->has_head; }));
  if (!reply_->has_head) return curl_failure();
  return std::move(reply_->head);
}

Result<std::size_t> CurlTransfer::read(std::span<char> out) {
  if (const std::size_t count = reply_->take_spilled(out); count > 0) return count;
  reply_->out = out;
  reply_->out_bytes = 0;
  if (reply_->is_paused && !reply_->is_over) {
    reply_->is_paused = false;
    curl_easy_pause(curl_->easy, CURLPAUSE_CONT);  // Delivers what it held back.
  }
  Result<> pumped = pump([this] { return reply_->out_bytes > 0; });
  reply_->out = {};
  const std::size_t count = std::exchange(reply_->out_bytes, 0);
  if (count > 0) return count;
  if (!pumped.ok()) return std::move(pumped).error();
  if (reply_->result != CURLE_OK) return curl_failure();
  return 0;
}

void CurlTransfer::finish() {
  if (!curl_->is_added) return;
  // The end of a body whose last byte was read may not have been noticed yet; noticing it keeps
  // the connection.
  if (!reply_->is_over && !reply_->is_paused) {
    int running = 0;
    curl_multi_perform(curl_->multi, &running);
    note_end();
  }
  curl_multi_remove_handle(curl_->multi, curl_->easy);
  curl_->is_added = false;
  stop_ = {};
}

Result<> CurlTransfer::prepare(const HttpRequest& request) {
  curl_easy_reset(curl_->easy);  // Keeps connections and sessions.
  curl_->error_text[0] = '\0';
  curl_->set(CURLOPT_ERRORBUFFER, curl_->error_text.data());
  curl_->set(CURLOPT_URL, request.url.c_str());
  curl_->set(CURLOPT_PATH_AS_IS, 1L);
  curl_->set(CURLOPT_PROTOCOLS_STR, "http,https");
  curl_->set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_->set(CURLOPT_FOLLOWLOCATION, 0L);
  curl_->set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_->set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_->set(CURLOPT_SSL_VERIFYPEER, 1L);
  curl_->set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.ca_file.empty()) {
    curl_->set(CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_->set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  curl_->set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_->set(CURLOPT_HEADERFUNCTION, &Reply::on_header);
  curl_->set(CURLOPT_HEADERDATA, reply_.get());
  curl_->set(CURLOPT_WRITEFUNCTION, &Reply::on_body);
  curl_->set(CURLOPT_WRITEDATA, reply_.get());
  set_limits();
  set_method_and_body(request);
  return add_headers(request);
}

void CurlTransfer::set_limits() {
  curl_->set(CURLOPT_NOSIGNAL, 1L);
  // Does not wait for a name server when the exchange is given up.
  curl_->set(CURLOPT_QUICK_EXIT, 1L);
  curl_->set(CURLOPT_TCP_KEEPALIVE, 1L);
  curl_->set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  // Refused while the buffer of an exchange that failed is still there; that one is large enough.
  curl_easy_setopt(curl_->easy, CURLOPT_BUFFERSIZE, kBlockBytes);
  curl_easy_setopt(curl_->easy, CURLOPT_UPLOAD_BUFFERSIZE, kBlockBytes);
  curl_->set(CURLOPT_MAXCONNECTS, 1L);
  curl_->set(CURLOPT_SOCKOPTFUNCTION, &Curl::on_connect);
  curl_->set(CURLOPT_SOCKOPTDATA, curl_.get());
  curl_->set(CURLOPT_CLOSESOCKETFUNCTION, &Curl::on_close);
  curl_->set(CURLOPT_CLOSESOCKETDATA, curl_.get());
}

void CurlTransfer::set_method_and_body(const HttpRequest& request) {
  const bool has_body =
      !request.body.empty() || request.method == "PUT" || request.method == "POST";
  if (has_body) {
    curl_->set(CURLOPT_POST, 1L);
    curl_->set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_->set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
  }
  if (request.method == "HEAD") {
    curl_->set(CURLOPT_NOBODY, 1L);
  } else {
    curl_->set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

Result<> CurlTransfer::add_headers(const HttpRequest& request) {
  curl_slist_free_all(std::exchange(curl_->headers, nullptr));
  // libcurl would wait for "100 Continue", and would call every body a form.
  bool ok = curl_->append_header("Expect:");
  bool has_content_type = false;
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || !is_header_value(value)) {
      return invalid_argument("header \"{}\": its name or value has a character that HTTP forbids",
                              is_header_value(name) ? name : "?");
    }
    has_content_type = has_content_type || to_lower(name) == "content-type";
    // libcurl's way of sending a header without a value is a semicolon.
    ok = ok && curl_->append_header(value.empty() ? fmt::format("{};", name)
                                                  : fmt::format("{}: {}", name, value));
  }
  if (!has_content_type) ok = ok && curl_->append_header("Content-Type:");
  if (!ok) return internal_error("out of memory");
  curl_->set(CURLOPT_HTTPHEADER, curl_->headers);
  return {};
}

// Moves bytes until `is_enough` or the exchange is over, well or badly.
Result<> CurlTransfer::pump(const std::function<bool()>& is_enough) {
  while (true) {
    if (is_enough() || reply_->is_over) return {};
    if (stop_.stop_requested()) return cancelled("{} {}: stopped", method_, origin_);
    int running = 0;
    if (curl_multi_perform(curl_->multi, &running) != CURLM_OK) {
      return internal_error("{} {}: libcurl gave up", method_, origin_);
    }
    note_end();
    if (is_enough() || reply_->is_over) return {};
    TRY(wait_for_network());
  }
}

Result<> CurlTransfer::wait_for_network() {
  curl_->acknowledge_at_once();
  const SteadyTime before = clock_.steady_now();
  const auto patience = std::min(kPollInterval, options_.stall_timeout);
  curl_multi_poll(curl_->multi, nullptr, 0, static_cast<int>(patience.count()), nullptr);
  const SteadyTime::duration waited = clock_.steady_now() - before;

  curl_off_t sent = 0;
  curl_off_t received = 0;
  curl_easy_getinfo(curl_->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
  curl_easy_getinfo(curl_->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
  const std::uint64_t moved = static_cast<std::uint64_t>(sent) +
                              static_cast<std::uint64_t>(received) + reply_->header_bytes;
  waited_ += waited;
  waited_idle_ = moved == moved_bytes_ ? waited_idle_ + waited : SteadyTime::duration{};
  moved_bytes_ = moved;

  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  if (waited_idle_ > options_.stall_timeout) {
    return failure(fmt::format("nothing moved for {} ms", options_.stall_timeout.count()));
  }
  const milliseconds allowed = timeout_ + milliseconds(moved * 1000 / kSlowestBytesPerSecond);
  if (timeout_.count() > 0 && waited_ > allowed) {
    return failure(fmt::format("no complete answer after waiting {} ms, {} bytes moved",
                               duration_cast<milliseconds>(waited_).count(), moved));
  }
  return {};
}

void CurlTransfer::note_end() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(curl_->multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    reply_->is_over = true;
    reply_->result = message->data.result;
  }
}

Error CurlTransfer::failure(std::string_view cause) const {
  return unavailable("{} {}: {}", method_, origin_, cause);
}

Error CurlTransfer::curl_failure() const {
  if (reply_->has_too_many_headers) {
    return failure(fmt::format("the answer has more than {} bytes of headers", kHeaderBytesMax));
  }
  const CURLcode code = reply_->result;
  std::string_view cause = curl_->error_text.data();
  if (cause.empty()) cause = curl_easy_strerror(code);
  cause = cause.substr(0, kErrorTextMax);
  switch (code) {
    case CURLE_OK:
      return failure("the connection ended before the answer");
    case CURLE_PEER_FAILED_VERIFICATION:
      return denied(
          "{} {}: the server's certificate does not verify ({}); if a private authority signed it, "
          "name that authority's certificate file in the settings",
          method_, origin_, cause);
    case CURLE_SSL_CACERT_BADFILE:
      return invalid_argument(
          "{} {}: the file of certificate authorities \"{}\" cannot be used ({})", method_, origin_,
          options_.ca_file, cause);
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return internal_error("{} {}: {}", method_, origin_, cause);
    default:
      return failure(cause);
  }
}

}  // namespace cairn::http
