#!/usr/bin/env node
import "../dist/sessreap.cjs";
