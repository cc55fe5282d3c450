/* The file that projects of the Secure Patching Bootloader include. */
#include "portcullis/se_patch.h"
