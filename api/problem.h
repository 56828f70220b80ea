/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Problem documents, RFC 9457. */
#ifndef HUB_API_PROBLEM_H
#define HUB_API_PROBLEM_H

#include "base/buf.h"
#include "base/schema.h"

/* The type of problem documents. */
#define HUB_MEDIA_PROBLEM "application/problem+json"

/* Append a problem document. A fault with a number that is no error is an internal one, whose reason stays inside.
 *
 * instance  path of the request, UTF-8 or left out when it is not; empty: none
 * Returns its HTTP status. */
int hub_problem_write(const struct hub_fault *fault, struct hub_span instance, struct hub_buf *out);

/* The error that stands for a HTTP status which the hub did not choose itself. */
int hub_problem_of_status(int status);

#endif
