/* What the call gate remembers between entry and exit (port/cortexm/gate_firewall.S): offsets into engine_gate_state,
 * and into the block that lies at the bottom of the engine's stack. Plain #defines, for assembly. */
#define GATE_BUSY   0  /* a request is under way */
#define GATE_BASE   4  /* engine stack pointer behind the block below */
#define GATE_NESTED 8  /* innermost interrupted frame, 0: no interrupt has left the engine */
#define GATE_PENDSV 12 /* a PendSV came inside: set again on leaving */

#define BLOCK_PRIMASK 0
#define BLOCK_CONTROL 4
#define BLOCK_VTOR    8
#define BLOCK_MSP     12
#define BLOCK_IPSR    16
#define BLOCK_RETURN  20
#define BLOCK_SIZE    24

#define GATE_RESUME 0x7E5A0001 /* service number of the way back from an interrupt */

#define STATUS_REFUSED 0xE1E1F004 /* PC_ERR_STATE */
#define FIREWALL_CR    0x40011C20 /* RM0351 section 4.4.7; 1: FPA, the next fetch outside closes the firewall */
#define SCB_VTOR_AT    0xE000ED08
#define SCB_ICSR_AT    0xE000ED04
#define SCB_AIRCR_AT   0xE000ED0C
#define ENGINE_NO_AT   4 /* engine.open, and what it holds when the services are locked (engine/internal.h) */
#define ENGINE_NO_IS   0xC35A69A5
