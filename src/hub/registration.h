/** A registration's document as a device of the rendezvous (docs/rendezvous.md). For src/hub/ only. */
#ifndef CLASP_HUB_REGISTRATION_H
#define CLASP_HUB_REGISTRATION_H

#include "hub/devices.h"

/**
 * Read a document. Of the device only the bytes and their lengths are set.
 *
 * @param document borrowed
 * @param max_len  bytes of it
 * @return given: free(). NULL when refused, with `err` set as clasp_rendezvous_register() says
 */
clasp_device *clasp_registration_read(clasp_span document, uint32_t max_len, clasp_err *err);

/** True if a device's list of features or tags holds exactly this text. */
bool clasp_registration_holds(clasp_span list, clasp_span text);

#endif
