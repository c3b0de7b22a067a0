// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <charconv>
#include <optional>

namespace cairn {

namespace chrono = std::chrono;

WallTime SystemClock::now() {
  return chrono::time_point_cast<chrono::microseconds>(chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() {
  return chrono::steady_clock::now();
}

Result<> SystemClock::wait_until(SteadyTime time, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, stop, time, [] { return false; });
  if (stop.stop_requested()) return cancelled("stopped while waiting");
  return {};
}

ManualClock::ManualClock(WallTime start) : now_(start) {}

WallTime ManualClock::now() {
  const std::lock_guard lock(mutex_);
  return now_;
}

SteadyTime ManualClock::steady_now() {
  const std::lock_guard lock(mutex_);
  return steady_now_;
}

Result<> ManualClock::wait_until(SteadyTime time, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (skips_waits_ && time > steady_now_) {
    now_ += chrono::duration_cast<chrono::microseconds>(time - steady_now_);
    steady_now_ = time;
    changed_.notify_all();
  }
  const bool reached = changed_.wait(lock, stop, [&] { return steady_now_ >= time; });
  if (!reached || stop.stop_requested()) return cancelled("stopped while waiting");
  return {};
}

void ManualClock::advance(chrono::microseconds duration) {
  const std::lock_guard lock(mutex_);
  now_ += duration;
  steady_now_ += duration;
  changed_.notify_all();
}

void ManualClock::skip_waits() {
  const std::lock_guard lock(mutex_);
  skips_waits_ = true;
}

std::string format_rfc3339(WallTime time) {
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date{day};
  const chrono::hh_mm_ss clock{time - day};
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) {
    text += fmt::format(".{:06}", clock.subseconds().count());
    while (text.back() == '0') text.pop_back();
  }
  return text + "Z";
}

namespace {

// Takes digits from the front of `text`; at least `count_min`, at most `count_max`.
std::optional<int> take_number(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + count, value);
  if (error != std::errc{} || end != text.data() + count || text[0] == '-') return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text[0] != expected) return false;
  text.remove_prefix(1);
  return true;
}

// The fraction after the dot, in microseconds; further digits are cut.
std::optional<int> take_fraction(std::string_view& text) {
  int value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    if (digits < 6) value = value * 10 + (text[digits] - '0');
  }
  if (digits == 0) return std::nullopt;
  for (std::size_t i = digits; i < 6; ++i) value *= 10;
  text.remove_prefix(digits);
  return value;
}

std::optional<chrono::minutes> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return chrono::minutes{0};
  const bool west = !text.empty() && text[0] == '-';
  if (!take(text, '-') && !take(text, '+')) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const chrono::minutes offset{*hours * 60 + *minutes};
  return west ? -offset : offset;
}

std::optional<WallTime> parse(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  int microseconds = 0;
  if (take(text, '.')) {
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    microseconds = *fraction;
  }
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  const chrono::year_month_day date{chrono::year{*year},
                                    chrono::month(static_cast<unsigned>(*month)),
                                    chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return WallTime{chrono::sys_days{date}} + chrono::hours{*hour} + chrono::minutes{*minute} +
         chrono::seconds{*second} + chrono::microseconds{microseconds} - *offset;
}

}  // namespace

Result<WallTime> parse_rfc3339(std::string_view text) {
  if (const auto time = parse(text)) return *time;
  return invalid_argument(
      "\"{}\" is not a time in RFC 3339 form with a zone, such as 2026-08-20T10:00:05Z", text);
}

}  // namespace cairn
