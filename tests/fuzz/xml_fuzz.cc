// SPDX-License-Identifier: Apache-2.0
// Answers of an S3 server.
#include "object_store/s3/s3_xml.h"
#include "tests/fuzz/fuzz.h"

void fuzz(std::string_view input) {
  (void)cairn::object_store::parse_xml(input);
}
