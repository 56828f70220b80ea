// SPDX-License-Identifier: AGPL-3.0-or-later
// A page around a list of customers: ours, or one that is handed in.
import { createRoot } from 'react-dom/client';

import { CustomerList } from 'client-list';

createRoot(document.getElementById('root')).render(<CustomerList />);
